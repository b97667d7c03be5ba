/// The keywords that decide an HDU's extent, taken from its records without making cards of the others.
///
/// The first record of a keyword counts; later ones are duplicates.
struct StructuralKeywords {
  private(set) var bitpix: Card.Value?
  private(set) var naxis: Card.Value?
  private(set) var axisLengths: [Card.Value?] = []
  private(set) var pcount: Card.Value?
  private(set) var gcount: Card.Value?
  private(set) var groups: Card.Value?
  private(set) var zimage: Card.Value?
  private(set) var xtension: Card.Value?
  private(set) var extname: Card.Value?
  private(set) var extver: Card.Value?
  private(set) var checksum: Card.Value?
  private(set) var datasum: Card.Value?
  static let maxAxes = 999

  /// Looks at one record of 80 bytes.
  ///
  /// - Returns: true when it is `END`.
  mutating func note(_ record: UnsafeRawBufferPointer) -> Bool {
    guard record.count >= RecordParser.recordBytes else { return false }
    switch record[0] {
    case 0x42: take(record, "BITPIX  ", &bitpix)
    case 0x43: take(record, "CHECKSUM", &checksum)
    case 0x44: take(record, "DATASUM ", &datasum)
    case 0x45:
      if Self.matches(record, "END     ") { return true }
      take(record, "EXTNAME ", &extname)
      take(record, "EXTVER  ", &extver)
    case 0x47:
      take(record, "GCOUNT  ", &gcount)
      take(record, "GROUPS  ", &groups)
    case 0x4E: noteAxes(record)
    case 0x50: take(record, "PCOUNT  ", &pcount)
    case 0x58: take(record, "XTENSION", &xtension)
    case 0x5A: take(record, "ZIMAGE  ", &zimage)
    default: break
    }
    return false
  }

  /// True when the first eight bytes are `keyword`, which has eight characters.
  static func matches(_ record: UnsafeRawBufferPointer, _ keyword: StaticString) -> Bool {
    for i in 0..<8 where record[i] != keyword.utf8Start[i] { return false }
    return true
  }

  private func take(_ record: UnsafeRawBufferPointer, _ keyword: StaticString, _ slot: inout Card.Value?) {
    if slot == nil, Self.matches(record, keyword) { slot = Self.value(record) }
  }

  private static func value(_ record: UnsafeRawBufferPointer) -> Card.Value? {
    record.withMemoryRebound(to: UInt8.self) { bytes in
      RecordParser.parse(Span(_unsafeElements: bytes)).card.value
    }
  }

  /// `NAXIS` and `NAXISn`, n from 1 to 999.
  private mutating func noteAxes(_ record: UnsafeRawBufferPointer) {
    take(record, "NAXIS   ", &naxis)
    guard record[1] == 0x41, record[2] == 0x58, record[3] == 0x49, record[4] == 0x53 else { return }
    var number = 0
    var i = 5
    while i < 8, record[i] >= 0x30, record[i] <= 0x39 {
      number = number * 10 + Int(record[i] - 0x30)
      i += 1
    }
    let isName = i > 5 && record[5] != 0x30 && (i..<8).allSatisfy { record[$0] == space }
    guard isName, number >= 1, number <= Self.maxAxes else { return }
    while axisLengths.count < number { axisLengths.append(nil) }
    if axisLengths[number - 1] == nil { axisLengths[number - 1] = Self.value(record) }
  }
}
