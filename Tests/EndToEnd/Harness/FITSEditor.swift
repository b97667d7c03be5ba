import Foundation

/// A FITS file as bytes, with its primary header as records: what a test damages.
struct FITSEditor {
  static let record = 80
  static let block = 2880

  private var cards: [String]
  private let rest: Data

  init(_ path: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    var cards: [String] = []
    var end = 0
    for start in stride(from: 0, to: data.count - Self.record + 1, by: Self.record) {
      let card = String(decoding: data[start..<start + Self.record], as: UTF8.self)
      end = start + Self.record
      if card.hasPrefix("END     ") { break }
      cards.append(card)
    }
    self.cards = cards
    rest = data[((end + Self.block - 1) / Self.block * Self.block)...]
  }

  /// Replaces or appends a record; the value is written as it stands. The checksums of the header go.
  mutating func set(_ keyword: String, _ value: String) {
    let text = keyword.padding(toLength: 8, withPad: " ", startingAt: 0) + "= " + value
    let card = text.padding(toLength: Self.record, withPad: " ", startingAt: 0)
    remove("CHECKSUM", "DATASUM")
    if let index = cards.firstIndex(where: { Self.keyword($0) == keyword }) {
      cards[index] = card
    } else {
      cards.append(card)
    }
  }

  mutating func remove(_ keywords: String...) { cards.removeAll { keywords.contains(Self.keyword($0)) } }

  var data: Data {
    var header = Data(
      (cards + ["END"]).map { $0.padding(toLength: Self.record, withPad: " ", startingAt: 0) }
        .joined().utf8)
    let short = (Self.block - header.count % Self.block) % Self.block
    header.append(Data(repeating: UInt8(ascii: " "), count: short))
    return header + rest
  }

  private static func keyword(_ card: String) -> String {
    card.prefix(8).trimmingCharacters(in: .whitespaces)
  }
}
