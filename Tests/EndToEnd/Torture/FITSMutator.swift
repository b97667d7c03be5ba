import Foundation

/// Damages FITS files in every way that random numbers find: header bytes, values, whole records, data, structure,
/// compression. The same seed and index give the same file.
struct FITSMutator {
  /// A damaged file.
  struct Mutant {
    var name: String
    var bytes: [UInt8]
    /// What was done to which seed.
    var story: String
  }

  /// A good file, and whether jobs are to run on what becomes of it.
  struct Seed {
    var name: String
    var bytes: [UInt8]
    /// Of these only what reductions read is damaged, so that the daemon takes them for what they were.
    var staysReducible = false
  }

  let seeds: [Seed]
  let seed: UInt64

  func mutant(_ index: Int) -> Mutant {
    var dice = Dice(seed &* 1_000_003 &+ UInt64(index))
    for _ in 0..<8 { _ = dice.next() }
    // One in ten has to get past ingest.
    let reducible = index % 10 == 0
    let good = seeds.filter { $0.staysReducible == reducible }.randomElement(using: &dice)!
    var bytes = good.bytes
    var story = [good.name]
    let operations = reducible ? Operation.quiet : Operation.all
    for _ in 0..<Int.random(in: 1...3, using: &dice) {
      let operation = operations.randomElement(using: &dice)!
      Self.act(operation, &bytes, &dice)
      story.append(operation.rawValue)
    }
    if reducible || Int.random(in: 0..<4, using: &dice) > 0 { FITSRecords.forgetChecksums(&bytes) }
    if reducible {
      FITSRecords.set("OBJECT", "'mutant \(index)'", in: &bytes)
      FITSRecords.set("EXPNUM", "\(index)", in: &bytes)
    }
    var name = "m\(index).fits"
    if !reducible, Int.random(in: 0..<12, using: &dice) == 0 {
      let (packed, how) = GzipMaker.damaged(bytes, &dice)
      bytes = packed
      story.append(how)
      if Bool.random(using: &dice) { name += ".gz" }
    }
    return Mutant(name: name, bytes: bytes, story: "\(index): " + story.joined(separator: ", "))
  }

  // MARK: what is done

  /// Values that programs stumble over.
  private static let values = [
    "0", "-1", "1", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "99999999999999999999",
    "1E400", "-1E-400", "NaN", "INF", "T", "F", "'unclosed", "''", "'it''s'", "'&'", "(1,2)",
    "/ only a comment",
    "999999999999999999999999999999999999999999", "1D3", ".", "'\u{7f}\u{1}'", "8", "16", "-32", "64", "7",
    "'1PB(999999999)'", "'999999999E'", "'RICE_1'", "'GZIP_2'", "'PLIO_1'", "'HCOMPRESS_1'", "'NONE'", "2880",
    "1000",
    "'2026-13-45T99:99:99'", "'IMG9'", "'UTR:0'", "'../../x'",
  ]

  /// Records that decide where things lie or how they are packed.
  private static let structural = [
    "SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "PCOUNT", "GCOUNT", "TFIELDS", "TFORM1",
    "TFORM2",
    "TTYPE1", "THEAP", "ZBITPIX", "ZNAXIS", "ZNAXIS1", "ZNAXIS2", "ZTILE1", "ZTILE2", "ZCMPTYPE", "ZNAME1",
    "ZVAL1",
    "ZQUANTIZ", "ZIMAGE", "BSCALE", "BZERO", "BLANK", "EXTNAME", "XTENSION", "EXTEND", "END",
  ]

  /// Records that say what stored numbers mean.
  private static let scaling = [
    "BSCALE", "BZERO", "BLANK", "ZSCALE", "ZZERO", "ZBLANK", "ZQUANTIZ", "EXTNAME",
  ]

  /// Records that reductions and the archive read.
  private static let described = [
    "EXPTIME", "READMODE", "NGROUPS", "NINTS", "NCOADDS", "GAIN", "READNOIS", "CRVAL1", "CRVAL2", "CRPIX1",
    "CD1_1",
    "CTYPE1", "RA", "DEC", "FILTER", "SUBARRAY", "SUBSTRT1", "SUBSIZE1", "DATE-OBS", "TFRAME", "BUNIT", "PA",
    "SCALE",
  ]

  /// One way to damage.
  private enum Operation: String {
    case dataBytes = "data bytes"
    case value = "a described value"
    case invalidNumbers = "NaN block"
    case recordLess = "a record less"
    case scaling = "a scaling value"
    case headerBytes = "header bytes"
    case anyBits = "any bits"
    case structuralValue = "a structural value"
    case structuralRecordLess = "a structural record less"
    case cut
    case blocksMoved = "blocks moved"
    case bytesInserted = "bytes inserted"
    case blockTwice = "a block twice"
    case zeros

    /// Those after which a frame is taken for what it was.
    static let quiet: [Operation] = [.dataBytes, .value, .invalidNumbers, .recordLess, .scaling]
    static let all: [Operation] =
      quiet + [
        .headerBytes, .anyBits, .structuralValue, .structuralValue, .structuralRecordLess, .cut, .blocksMoved,
        .bytesInserted, .blockTwice, .zeros,
      ]
  }

  private static func act(_ operation: Operation, _ bytes: inout [UInt8], _ dice: inout Dice) {
    guard bytes.count >= 2880 else { return }
    let header = min(FITSRecords.headerEnd(bytes), bytes.count - 1)
    switch operation {
    case .dataBytes:
      for _ in 0..<Int.random(in: 1...200, using: &dice) {
        bytes[Int.random(in: header..<bytes.count, using: &dice)] = dice.byte
      }
    case .value: FITSRecords.spoil(described, values, in: &bytes, &dice)
    case .invalidNumbers: fill(0xff, from: header, 2880, &bytes, &dice)
    case .recordLess: FITSRecords.blank(described, in: &bytes, &dice)
    case .scaling: FITSRecords.spoil(scaling, values, in: &bytes, &dice)
    case .headerBytes:
      for _ in 0..<Int.random(in: 1...8, using: &dice) {
        bytes[Int.random(in: 0..<header, using: &dice)] = dice.byte
      }
    case .anyBits:
      for _ in 0..<Int.random(in: 1...16, using: &dice) {
        bytes[Int.random(in: 0..<bytes.count, using: &dice)] ^= 1 << (dice.byte & 7)
      }
    case .structuralValue: FITSRecords.spoil(structural, values, in: &bytes, &dice)
    case .structuralRecordLess: FITSRecords.blank(structural, in: &bytes, &dice)
    case .cut: bytes.removeLast(Int.random(in: 0...bytes.count, using: &dice))
    case .blocksMoved:
      let (a, b) = (block(bytes, &dice), block(bytes, &dice))
      for i in 0..<2880 { bytes.swapAt(a + i, b + i) }
    case .bytesInserted:
      let some = (0..<Int.random(in: 1...4000, using: &dice)).map { _ in dice.byte }
      bytes.insert(contentsOf: some, at: Int.random(in: 0...bytes.count, using: &dice))
    case .blockTwice:
      let start = block(bytes, &dice)
      bytes.insert(contentsOf: Array(bytes[start..<start + 2880]), at: start)
    case .zeros: fill(0, from: 0, 4000, &bytes, &dice)
    }
  }

  private static func block(_ bytes: [UInt8], _ dice: inout Dice) -> Int {
    Int.random(in: 0..<bytes.count / 2880, using: &dice) * 2880
  }

  private static func fill(
    _ byte: UInt8, from first: Int, _ count: Int, _ bytes: inout [UInt8], _ dice: inout Dice
  ) {
    let start = Int.random(in: first..<bytes.count, using: &dice)
    for i in start..<min(bytes.count, start + count) { bytes[i] = byte }
  }
}

extension Dice {
  /// Any byte.
  fileprivate var byte: UInt8 { mutating get { UInt8(truncatingIfNeeded: next() >> 32) } }
}

/// The 80-byte records of FITS headers, found by their keywords wherever they stand.
enum FITSRecords {
  static let size = 80

  /// Offsets of the records that have the keyword.
  static func offsets(of keyword: String, in bytes: [UInt8]) -> [Int] {
    let wanted = Array(keyword.padding(toLength: 8, withPad: " ", startingAt: 0).utf8)
    return stride(from: 0, to: bytes.count - size + 1, by: size).filter { start in
      bytes[start] == wanted[0] && bytes[start..<start + 8].elementsEqual(wanted)
    }
  }

  /// The first byte after the primary header's block.
  static func headerEnd(_ bytes: [UInt8]) -> Int {
    guard let end = offsets(of: "END", in: bytes).first else { return min(2880, bytes.count) }
    return min(bytes.count, (end / 2880 + 1) * 2880)
  }

  /// Puts a value into the record at an offset.
  static func write(_ value: String, at start: Int, in bytes: inout [UInt8]) {
    let field = Array(("= " + value).utf8.prefix(72))
    for i in 0..<72 { bytes[start + 8 + i] = i < field.count ? field[i] : UInt8(ascii: " ") }
  }

  /// Sets a record that is there.
  static func set(_ keyword: String, _ value: String, in bytes: inout [UInt8]) {
    for start in offsets(of: keyword, in: bytes) { write(value, at: start, in: &bytes) }
  }

  /// Gives one of the keywords, in one of the places it stands, a bad value.
  static func spoil(_ keywords: [String], _ values: [String], in bytes: inout [UInt8], _ dice: inout Dice) {
    for keyword in keywords.shuffled(using: &dice) {
      guard let start = offsets(of: keyword, in: bytes).randomElement(using: &dice) else { continue }
      return write(values.randomElement(using: &dice)!, at: start, in: &bytes)
    }
  }

  /// Makes a comment of one record.
  static func blank(_ keywords: [String], in bytes: inout [UInt8], _ dice: inout Dice) {
    for keyword in keywords.shuffled(using: &dice) {
      guard let start = offsets(of: keyword, in: bytes).randomElement(using: &dice) else { continue }
      return bytes.replaceSubrange(start..<start + 8, with: Array("COMMENT ".utf8))
    }
  }

  /// Makes comments of the checksums, so that damage is found by what it damages.
  static func forgetChecksums(_ bytes: inout [UInt8]) {
    for keyword in ["CHECKSUM", "DATASUM"] {
      for start in offsets(of: keyword, in: bytes) {
        bytes.replaceSubrange(start..<start + 8, with: Array("COMMENT ".utf8))
      }
    }
  }
}
