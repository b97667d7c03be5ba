import FITSStructure
import Foundation

/// Small reference files, made byte by byte.
enum ReferenceFile {
  /// Keywords of a flat of the first imager detector that nothing is wrong with.
  static let flat: [(String, Card.Value)] = [
    ("TELESCOP", .string("TMT")), ("INSTRUME", .string("IRIS")), ("REFTYPE", .string("FLAT")),
    ("PEDIGREE", .string("INFLIGHT 2026-07-01 2026-07-02")), ("DESCRIP", .string("a flat of a test")),
    ("AUTHOR", .string("tests")), ("USEAFTER", .string("2026-07-01 00:00:00")), ("DETECTOR", .string("IMG1")),
    ("FILTER", .string("K")), ("PUPIL", .string("CLEAR")), ("SCALE", .string("0.004")),
    ("INSTMODE", .string("IMG")), ("SUBARRAY", .string("FULL")), ("SUBARRID", .integer(0)),
    ("SUBSTRT1", .integer(1)), ("SUBSTRT2", .integer(1)), ("SUBSIZE1", .integer(8)),
    ("SUBSIZE2", .integer(8)),
    ("DATE-OBS", .string("2026-07-14")), ("TIME-OBS", .string("09:12:44")),
  ]

  /// Writes a reference with `SCI`, `ERR` and `DQ` of `size` squared.
  ///
  /// - Parameters:
  ///   - changes: keywords to set.
  ///   - without: keywords to leave out.
  ///   - unit: of `SCI` and `ERR`.
  ///   - science: values of `SCI`; the rest are 1.
  ///   - flags: values of `DQ`; the rest are 0.
  static func write(
    _ path: String, _ changes: [String: Card.Value] = [:], without: Set<String> = [], unit: String = "1",
    size: Int = 8,
    science: [Int: Float] = [:], flags: [Int: Int32] = [:]
  ) throws {
    var cards = [
      Card("SIMPLE", true), Card("BITPIX", 8), Card("NAXIS", 0), Card("EXTEND", true),
    ]
    let side = Card.Value.integer(Int64(size))
    var left = changes
    for (keyword, value) in flat where !without.contains(keyword) {
      let sized = keyword.hasPrefix("SUBSIZE") ? side : value
      cards.append(Card(keyword, left.removeValue(forKey: keyword) ?? sized))
    }
    for (keyword, value) in left.sorted(by: { $0.key < $1.key }) { cards.append(Card(keyword, value)) }
    var bytes = try header(cards)
    for (name, fill) in [("SCI", Float(1)), ("ERR", 0.1)] {
      var values = [Float](repeating: fill, count: size * size)
      if name == "SCI" { for (place, value) in science { values[place] = value } }
      bytes += try image(name, bitpix: -32, size, unit: unit)
      bytes += padded(values.flatMap { withUnsafeBytes(of: $0.bitPattern.bigEndian, Array.init) })
    }
    var words = [Int32](repeating: 0, count: size * size)
    for (place, value) in flags { words[place] = value }
    bytes += try image("DQ", bitpix: 32, size, unit: nil)
    bytes += padded(words.flatMap { withUnsafeBytes(of: $0.bigEndian, Array.init) })
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private static func image(_ name: String, bitpix: Int, _ size: Int, unit: String?) throws -> [UInt8] {
    var cards = [
      Card("XTENSION", "IMAGE"), Card("BITPIX", bitpix), Card("NAXIS", 2), Card("NAXIS1", size),
      Card("NAXIS2", size), Card("PCOUNT", 0), Card("GCOUNT", 1), Card("EXTNAME", name),
    ]
    if let unit { cards.append(Card("BUNIT", unit)) }
    return try header(cards)
  }

  private static func header(_ cards: [Card]) throws -> [UInt8] {
    let text = try HeaderText(cards: cards).text + "END"
    let blocks = (text.utf8.count + 2879) / 2880
    return Array(text.padding(toLength: blocks * 2880, withPad: " ", startingAt: 0).utf8)
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (2880 - bytes.count % 2880) % 2880)
  }
}
