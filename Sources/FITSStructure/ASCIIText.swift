/// Text out of header bytes: ASCII as it is, any other byte as the Latin-1 character of that number.
enum ASCIIText {
  /// The bytes `from..<to` as text; the range is cut to the span.
  static func string(_ bytes: Span<UInt8>, from: Int, to: Int) -> String {
    let low = max(0, from)
    let high = min(to, bytes.count)
    guard low < high else { return "" }
    return bytes.withUnsafeBufferPointer { string(UnsafeBufferPointer(rebasing: $0[low..<high])) }
  }

  /// All bytes of a buffer as text.
  static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    var seen: UInt8 = 0
    for byte in bytes { seen |= byte }
    if seen < 0x80 { return String(decoding: bytes, as: UTF8.self) }
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
  }

  /// The bytes of text made by `string`; a character beyond Latin-1 becomes a question mark.
  static func bytes(_ text: String) -> [UInt8] {
    let utf8 = [UInt8](text.utf8)
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8 }
    return text.unicodeScalars.map { $0.value < 256 ? UInt8($0.value) : 0x3F }
  }

  static func skipSpaces(_ bytes: Span<UInt8>, from: Int) -> Int {
    var i = from
    while i < bytes.count, bytes[i] == space { i += 1 }
    return i
  }

  static func trimmingTrailing(_ bytes: Span<UInt8>, from: Int, to: Int) -> String {
    var end = to
    while end > from, bytes[end - 1] == space { end -= 1 }
    return string(bytes, from: from, to: end)
  }

  /// Words joined by one space.
  static func collapsed(_ bytes: Span<UInt8>, from: Int, to: Int) -> String {
    var kept: [UInt8] = []
    for i in from..<to {
      if bytes[i] == space && (kept.isEmpty || kept.last == space) { continue }
      kept.append(bytes[i])
    }
    if kept.last == space { kept.removeLast() }
    return kept.withUnsafeBufferPointer { string($0) }
  }
}
