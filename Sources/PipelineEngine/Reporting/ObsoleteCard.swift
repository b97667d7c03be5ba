import FITSIO
import FITSStructure
import Metadata

/// A card as a raw frame has it, and the form that FITS 4.0 gives it.
///
/// `EPOCH` becomes `EQUINOX` and `RADECSYS` `RADESYS` (sections 8.3 and 9.1), `BLOCKED` goes, dates are written as
/// `yyyy-mm-dd[Thh:mm:ss[.s…]]` (section 9.1.1), and reserved keywords have values of their type (section 4.4).
struct ObsoleteCard {
  private static let numbers: Set<String> = [
    "EQUINOX", "MJD-OBS", "MJD-AVG", "MJD-BEG", "MJD-END", "LONPOLE", "LATPOLE", "RESTFREQ", "RESTFRQ",
    "RESTWAV",
    "VELANGL", "VELOSYS", "ZSOURCE", "OBSGEO-X", "OBSGEO-Y", "OBSGEO-Z", "DATAMAX", "DATAMIN",
  ]
  private static let texts: Set<String> = [
    "ORIGIN", "AUTHOR", "REFERENC", "TELESCOP", "INSTRUME", "OBSERVER", "OBJECT", "CREATOR", "RADESYS",
    "SPECSYS",
    "BUNIT",
  ]

  let card: Card

  init(_ card: Card) { self.card = card }

  /// The card in modern form, or a comment that holds it.
  func modern(beside header: Header) -> Card {
    guard let value = card.value, !card.isHierarch else { return card }
    switch card.keyword {
    case "EPOCH": return renamed("EQUINOX", beside: header).numeric
    case "RADECSYS": return renamed("RADESYS", beside: header)
    case "BLOCKED": return asComment
    case let name where name.hasPrefix("DATE"): return dated
    case let name where Self.numbers.contains(name): return numeric
    case let name where Self.texts.contains(name) && card.string == nil && value != .undefined:
      return Card(name, Self.text(value), comment: card.comment)
    default: return card
    }
  }

  /// The card's text behind `COMMENT`.
  var asComment: Card {
    let records = (try? card.printable.formatted()) ?? ["\(card.keyword) (unreadable)"]
    let text = records.map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: " ")
    return .commentary("COMMENT", text)
  }

  private func renamed(_ keyword: String, beside header: Header) -> Card {
    if header[keyword] != nil { return asComment }
    var card = card
    card.keyword = keyword
    return card
  }

  private var numeric: Card { card.numeric }

  /// A date in the one form that is left; what is no date is kept as a comment.
  private var dated: Card {
    guard let text = card.string else { return card.value == .undefined ? card : asComment }
    if Self.isModern(text) { return card }
    guard let date = FITSDate.parse(text) else { return asComment }
    let modern = FITSDate.hasTime(text) ? FITSDate.text(of: date) : FITSDate.dayText(of: date)
    return Card(card.keyword, modern, comment: card.comment)
  }

  /// `yyyy-mm-dd` or `yyyy-mm-ddThh:mm:ss[.s…]`, and such a day and time exist.
  private static func isModern(_ text: String) -> Bool {
    let shape = text.map { $0.isASCII && $0.isNumber ? "0" : $0 }
    let whole = String(shape.prefix(19))
    guard whole == "0000-00-00" || whole == "0000-00-00T00:00:00" else { return false }
    let fraction = shape.dropFirst(19)
    let isFraction =
      fraction.isEmpty || (fraction.first == "." && fraction.dropFirst().allSatisfy { $0 == "0" })
    return isFraction && fraction.count != 1 && FITSDate.parse(text) != nil
  }

  private static func text(_ value: Card.Value) -> String {
    switch value {
    case .integer(let number): String(number)
    case .real(let number): "\(number)"
    case .logical(let flag): flag ? "T" : "F"
    default: "\(value)"
    }
  }
}

extension Card {
  /// The card with a number for its value, or a comment when it holds none.
  fileprivate var numeric: Card {
    if double != nil || value == .undefined || value == nil { return self }
    var text = (string ?? "").filter { $0 != " " }
    if keyword == "EQUINOX", text.first == "J" || text.first == "B" { text.removeFirst() }
    guard let number = Double(text), number.isFinite else { return ObsoleteCard(self).asComment }
    return Card(keyword, number, comment: comment)
  }
}
