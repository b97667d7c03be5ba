import CCFITSIO
import FITSStructure

/// An open FITS file, read or changed through CFITSIO. HDUs are numbered from 0.
///
/// One owner, closed once. CFITSIO crashes on hostile files: use it in processes that may die, and `FITSStructure`
/// elsewhere. Names mean exactly the file of that name: no extended syntax, no other suffix.
public struct FITSFile: ~Copyable {
  let handle: FITSHandle

  /// Opens an existing file for reading, gzipped ones included (CFITSIO holds those in memory).
  ///
  /// - Throws: `open-failed`, `not-regular`, `cfitsio`.
  public init(reading path: String) throws(FITSError) { handle = try FITSHandle(path: path, updating: false) }

  /// Opens an existing file for changes in place.
  ///
  /// - Throws: `open-failed`, `not-regular`, `cfitsio`.
  public init(updating path: String) throws(FITSError) { handle = try FITSHandle(path: path, updating: true) }

  /// Opens, for reading, the file behind a descriptor; the descriptor stays the caller's.
  ///
  /// - Throws: `open-failed`, `not-regular`, `cfitsio`.
  public init(readingDescriptor descriptor: Int32) throws(FITSError) {
    handle = try FITSHandle(path: "/proc/self/fd/\(descriptor)", updating: false)
  }

  /// Closes the file and tells when the last bytes could not be written; without it, closing is silent.
  ///
  /// - Throws: `cfitsio`.
  public consuming func close() throws(FITSError) { try handle.close() }

  /// Number of HDUs, the primary included.
  ///
  /// - Throws: `cfitsio`.
  public func hduCount() throws(FITSError) -> Int {
    var count: Int32 = 0
    try handle.call("counting the HDUs") { ffthdu($0, &count, &$1) }
    return Int(count)
  }

  /// Every card of a header as stored: `HIERARCH`, duplicates and undefined values included, `CONTINUE` joined.
  ///
  /// The cards of a tile-compressed image are those of its table; see `imageCards(of:)`.
  ///
  /// - Throws: `no-such-hdu`, `cfitsio`.
  public func cards(of hdu: Int) throws(FITSError) -> [Card] {
    try handle.move(to: hdu)
    var records = ""
    try handle.call("reading the header") { Self.appendRecords($0, &records, &$1) }
    return HeaderText(text: records).cards
  }

  /// The cards that the image itself has: of a tile-compressed one, those of the image that was compressed.
  ///
  /// - Throws: `no-such-hdu`, `cfitsio`.
  public func imageCards(of hdu: Int) throws(FITSError) -> [Card] {
    guard try isCompressedImage(hdu) else { return try cards(of: hdu) }
    var records = ""
    try handle.call("reading the image's header") { file, status in
      var memory: UnsafeMutablePointer<fitsfile>?
      var buffer = malloc(28_800)
      var size = 28_800
      defer { free(buffer) }
      guard cfitsio_create_in_memory(&memory, &buffer, &size, &status) == 0, let memory else { return status }
      fits_img_decompress_header(file, memory, &status)
      _ = Self.appendRecords(memory, &records, &status)
      var closing: Int32 = 0
      ffclos(memory, &closing)
      return status
    }
    return HeaderText(text: records).cards
  }

  /// Number of the first HDU with that `EXTNAME` (letter case ignored) and, if given, `EXTVER`; `nil` without one.
  ///
  /// - Throws: `cfitsio`.
  public func index(ofExtension name: String, version: Int? = nil) throws(FITSError) -> Int? {
    let wanted = name.uppercased()
    for hdu in 0..<(try hduCount()) {
      try handle.move(to: hdu)
      guard let found = try keyword("EXTNAME"), found.uppercased() == wanted else { continue }
      let number = try keyword("EXTVER").flatMap { Int($0) } ?? 1
      if version == nil || version == number { return hdu }
    }
    return nil
  }

  /// The verdict of every HDU's own `CHECKSUM` and `DATASUM`.
  ///
  /// - Throws: `cfitsio`.
  public func verifyChecksums() throws(FITSError) -> [ChecksumVerdict] {
    func state(_ value: Int32) -> ChecksumVerdict.State {
      value > 0 ? .correct : value < 0 ? .wrong : .absent
    }
    var verdicts: [ChecksumVerdict] = []
    for hdu in 0..<(try hduCount()) {
      try handle.move(to: hdu)
      var data: Int32 = 0
      var whole: Int32 = 0
      try handle.call("verifying the checksums") { ffvcks($0, &data, &whole, &$1) }
      verdicts.append(ChecksumVerdict(hdu: hdu, checksum: state(whole), datasum: state(data)))
    }
    return verdicts
  }

  /// Writes `CHECKSUM` and `DATASUM` into every HDU; the file must be open for updating.
  ///
  /// - Throws: `cfitsio`.
  public func updateChecksums() throws(FITSError) {
    for hdu in 0..<(try hduCount()) {
      try handle.move(to: hdu)
      try handle.call("writing the checksums") { ffpcks($0, &$1) }
    }
  }

  /// Replaces the first card of that keyword, or appends it; commentary is always appended.
  ///
  /// The checksums are stale afterwards: call `updateChecksums()`.
  ///
  /// - Throws: `bad-card`, `no-such-hdu`, `cfitsio`.
  public func setCard(_ card: Card, of hdu: Int) throws(FITSError) {
    try handle.move(to: hdu)
    let records: [String]
    do { records = try card.formatted() } catch {
      throw FITSError(
        code: "bad-card", message: error.message, subject: "\(handle.subject(hdu)), \(card.keyword)",
        underlying: error)
    }
    if card.value == nil {
      for record in records { try handle.call("writing a card") { ffprec($0, record, &$1) } }
    } else if records.count == 1 {
      try handle.call("writing a card") { ffucrd($0, card.keyword, records[0], &$1) }
    } else {
      try handle.call("writing a long string") {
        ffukls($0, card.keyword, card.string ?? "", card.comment, &$1)
      }
    }
  }
}

extension FITSFile {
  func isCompressedImage(_ hdu: Int) throws(FITSError) -> Bool {
    try handle.move(to: hdu)
    var compressed = false
    try handle.call("looking for compression") {
      compressed = fits_is_compressed_image($0, &$1) != 0
      return $1
    }
    return compressed
  }

  /// The value of a keyword of the current HDU as CFITSIO's text without quotes; `nil` when missing or undefined.
  func keyword(_ name: String) throws(FITSError) -> String? {
    var value = [CChar](repeating: 0, count: Int(FLEN_VALUE))
    var missing = false
    try handle.call("reading a keyword") {
      ffgkys($0, name, &value, nil, &$1)
      if $1 == KEY_NO_EXIST || $1 == VALUE_UNDEFINED {
        $1 = 0
        missing = true
        ffcmsg()
      }
      return $1
    }
    return missing ? nil : text(value)
  }

  private static func appendRecords(
    _ file: UnsafeMutablePointer<fitsfile>, _ records: inout String, _ status: inout Int32
  ) -> Int32 {
    var count: Int32 = 0
    var more: Int32 = 0
    ffghsp(file, &count, &more, &status)
    var record = [CChar](repeating: 0, count: Int(FLEN_CARD))
    var bytes: [UInt8] = []
    for number in 0..<max(0, count) {
      guard ffgrec(file, number + 1, &record, &status) <= 0 else { return status }
      let characters = record.prefix { $0 != 0 }.prefix(80)
      for character in characters { bytes.append(UInt8(bitPattern: character)) }
      for _ in characters.count..<80 { bytes.append(0x20) }
    }
    records = HeaderText(bytes: bytes).text
    return status
  }
}
