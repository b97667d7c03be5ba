/// Reads the value field of a record, fixed or free format (FITS 4.0 section 4.2).
enum ValueParser {
  /// The value that starts at or after `from`, and the comment behind it.
  static func valueAndComment(_ record: Span<UInt8>, from: Int) -> (Card.Value, String) {
    let start = ASCIIText.skipSpaces(record, from: from)
    guard start < record.count else { return (.undefined, "") }
    switch record[start] {
    case slash: return (.undefined, comment(record, from: start))
    case quote: return quoted(record, from: start)
    case 0x28: return complex(record, from: start)
    default: return bare(record, from: start)
    }
  }

  /// A quoted string; one that never ends is kept as text.
  private static func quoted(_ record: Span<UInt8>, from start: Int) -> (Card.Value, String) {
    var i = start + 1
    var doubled = false
    while i < record.count {
      if record[i] == quote {
        guard i + 1 < record.count, record[i + 1] == quote else { break }
        doubled = true
        i += 1
      }
      i += 1
    }
    guard i < record.count else {
      return (.text(ASCIIText.trimmingTrailing(record, from: start, to: record.count)), "")
    }
    let value =
      doubled
      ? undoubled(record, from: start + 1, to: i)
      : ASCIIText.trimmingTrailing(record, from: start + 1, to: i)
    return (.string(value), comment(record, from: i + 1))
  }

  private static func undoubled(_ record: Span<UInt8>, from: Int, to: Int) -> String {
    var kept: [UInt8] = []
    var i = from
    while i < to {
      kept.append(record[i])
      i += record[i] == quote ? 2 : 1
    }
    while kept.last == space { kept.removeLast() }
    return kept.withUnsafeBufferPointer { ASCIIText.string($0) }
  }

  /// `(real, imaginary)`; anything else in parentheses is text.
  private static func complex(_ record: Span<UInt8>, from start: Int) -> (Card.Value, String) {
    var end = start + 1
    var comma: Int?
    while end < record.count, record[end] != 0x29 {
      if record[end] == 0x2C && comma == nil { comma = end }
      end += 1
    }
    guard end < record.count, let comma,
      let real = component(record, from: start + 1, to: comma),
      let imaginary = component(record, from: comma + 1, to: end)
    else { return text(record, from: start) }
    return (.complex(real, imaginary), comment(record, from: end + 1))
  }

  private static func component(_ record: Span<UInt8>, from: Int, to: Int) -> Double? {
    var low = from
    var high = to
    while low < high, record[low] == space { low += 1 }
    while high > low, record[high - 1] == space { high -= 1 }
    switch NumberParser.parse(record, from: low, to: high) {
    case .integer(let i): return Double(i)
    case .real(let d): return d
    default: return nil
    }
  }

  /// A logical or a number up to the next blank or slash; anything else is text up to the comment.
  private static func bare(_ record: Span<UInt8>, from start: Int) -> (Card.Value, String) {
    var end = start
    while end < record.count, record[end] != space, record[end] != slash { end += 1 }
    let value: Card.Value?
    if end == start + 1, record[start] == 0x54 || record[start] == 0x46 {
      value = .logical(record[start] == 0x54)
    } else {
      value = NumberParser.parse(record, from: start, to: end)
    }
    guard let value else { return text(record, from: start) }
    return (value, comment(record, from: end))
  }

  private static func text(_ record: Span<UInt8>, from start: Int) -> (Card.Value, String) {
    var end = start
    while end < record.count, record[end] != slash { end += 1 }
    return (.text(ASCIIText.trimmingTrailing(record, from: start, to: end)), comment(record, from: end))
  }

  /// The text after the slash and one blank. Text that follows the value without a slash counts as the
  /// comment too.
  private static func comment(_ record: Span<UInt8>, from: Int) -> String {
    var start = ASCIIText.skipSpaces(record, from: from)
    guard start < record.count else { return "" }
    if record[start] == slash {
      start += 1
      if start < record.count, record[start] == space { start += 1 }
    }
    return ASCIIText.trimmingTrailing(record, from: start, to: record.count)
  }
}
