import Dispatch
import FITSStructure

/// Writes a new FITS file, HDU by HDU, under a temporary name; `commit()` gives it its own.
///
/// The writer adds the structural keywords, BZERO of the unsigned types, `CHECKSUM` and `DATASUM`; those of the
/// caller's cards are left out. It uses no clock: the same input makes the same bytes. Without `commit()` nothing is
/// left behind.
public struct FITSWriter: ~Copyable {
  private let core: WriterCore

  /// Creates `<folder>/.<name>.<pid>.tmp` beside the final path.
  ///
  /// - Parameters:
  ///   - path: where the file is to be.
  ///   - onBytes: sees the final bytes in file order, on another thread but never twice at once, while the next ones
  ///     are written: the place to hash them. `commit()` returns after its last call.
  /// - Throws: `write-failed`.
  public init(path: String, observing onBytes: ((UnsafeRawBufferPointer) -> Void)? = nil) throws(FITSError) {
    core = WriterCore(file: try TemporaryFile(path: path), relay: ByteRelay(onBytes))
  }

  /// Writes the primary HDU, without data: first of all, and once.
  ///
  /// - Throws: `out-of-order`, `bad-card`, `write-failed`.
  public mutating func appendPrimary(_ header: Header) throws(FITSError) {
    guard core.headerTexts.isEmpty else { throw core.outOfOrder("the primary HDU comes first and once") }
    var builder = HeaderBuilder(subject: core.subject)
    try builder.append(Card("SIMPLE", true, comment: "conforms to the FITS standard"))
    try builder.append(Card("BITPIX", 8))
    try builder.append(Card("NAXIS", 0, comment: "no data in the primary HDU"))
    try builder.append(Card("EXTEND", true))
    try builder.append(header, except: [])
    try core.writeHeader(builder, datasum: 0)
  }

  /// Writes an image extension.
  ///
  /// - Parameters:
  ///   - header: the cards beside the structural ones: `BUNIT`, `EXTVER`, WCS…
  ///   - name: `EXTNAME`.
  ///   - axes: lengths, `NAXIS1` (fastest) first.
  ///   - pixels: as many as the axes say; `UInt16` and `UInt32` are stored by the BZERO convention.
  /// - Throws: `out-of-order`, `shape-mismatch`, `bad-card`, `write-failed`.
  public mutating func appendImage<T: FITSPixel>(
    _ header: Header, name: String, axes: [Int], pixels: UnsafeBufferPointer<T>
  ) throws(FITSError) {
    guard !core.headerTexts.isEmpty else { throw core.outOfOrder("the primary HDU is missing") }
    let expected = axes.isEmpty ? 0 : axes.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard axes.allSatisfy({ $0 >= 0 }), expected == pixels.count else {
      throw FITSError(
        code: "shape-mismatch", message: "\(pixels.count) pixels for the axes \(axes) of \(name)",
        subject: core.subject)
    }
    let type = T.pixelType
    var builder = HeaderBuilder(subject: core.subject)
    try builder.append(Card("XTENSION", "IMAGE", comment: "image extension"))
    try builder.append(Card("BITPIX", type.bitpix))
    try builder.append(Card("NAXIS", axes.count))
    for (i, length) in axes.enumerated() { try builder.append(Card("NAXIS\(i + 1)", length)) }
    try builder.append(Card("PCOUNT", 0))
    try builder.append(Card("GCOUNT", 1))
    try builder.append(Card("EXTNAME", name))
    if type.bzero != 0 {
      try builder.append(Card("BZERO", .integer(Int64(type.bzero)), comment: "unsigned numbers"))
      try builder.append(Card("BSCALE", 1))
    }
    try builder.append(header, except: ["EXTNAME"])
    let bytes = UnsafeRawBufferPointer(pixels)
    try core.writeHeader(builder, datasum: PixelBands(type: type, bytes: bytes).datasum())
    try core.writeData(type, bytes)
  }

  /// Writes a binary table extension.
  ///
  /// - Parameters:
  ///   - header: the cards beside the structural ones.
  ///   - name: `EXTNAME`.
  ///   - columns: of equal numbers of rows. Bytes of strings outside printable ASCII are written as `\xNN`.
  /// - Throws: `out-of-order`, `bad-column`, `bad-card`, `write-failed`.
  public mutating func appendTable(
    _ header: Header, name: String, columns: [TableColumn]
  ) throws(FITSError) {
    guard !core.headerTexts.isEmpty else { throw core.outOfOrder("the primary HDU is missing") }
    let table = try TableEncoder(columns: columns, subject: "\(core.subject), \(name)")
    var builder = HeaderBuilder(subject: core.subject)
    try builder.append(Card("XTENSION", "BINTABLE", comment: "binary table extension"))
    try builder.append(Card("BITPIX", 8))
    try builder.append(Card("NAXIS", 2))
    try builder.append(Card("NAXIS1", table.rowBytes, comment: "bytes of a row"))
    try builder.append(Card("NAXIS2", table.rowCount, comment: "rows"))
    try builder.append(Card("PCOUNT", 0))
    try builder.append(Card("GCOUNT", 1))
    try builder.append(Card("TFIELDS", columns.count))
    for card in table.cards { try builder.append(card) }
    try builder.append(Card("EXTNAME", name))
    try builder.append(header, except: ["EXTNAME"])
    let rows = table.rows()
    try core.writeHeader(builder, datasum: rows.withUnsafeBytes { checksumAccumulate($0) })
    let result: Result<Void, FITSError> = rows.withUnsafeBytes { bytes in
      do throws(FITSError) { return .success(try core.writeData(.uint8, bytes)) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Syncs the file, renames it, syncs the folder.
  ///
  /// - Parameter replacing: take the place of a file of that name; otherwise its presence is an error.
  /// - Throws: `already-exists`, `out-of-order` (no HDU yet), `write-failed`.
  public consuming func commit(replacing: Bool = false) throws(FITSError) -> WrittenFile {
    guard !core.headerTexts.isEmpty else { throw core.outOfOrder("nothing was written") }
    core.relay.drain()
    try core.file.commit(replacing: replacing)
    return WrittenFile(path: core.file.path, bytes: core.file.bytes, headerTexts: core.headerTexts)
  }
}

/// The state behind a `FITSWriter`.
final class WriterCore {
  let file: TemporaryFile
  let relay: ByteRelay
  private(set) var headerTexts: [HeaderText] = []

  init(file: TemporaryFile, relay: ByteRelay) {
    self.file = file
    self.relay = relay
  }

  deinit { relay.drain() }

  var subject: String { "\(file.path), HDU \(headerTexts.count)" }

  func outOfOrder(_ message: String) -> FITSError {
    FITSError(code: "out-of-order", message: message, subject: subject)
  }

  func writeHeader(_ builder: HeaderBuilder, datasum: UInt32) throws(FITSError) {
    let (bytes, text) = try builder.finished(datasum: datasum)
    try writeBytes(bytes)
    headerTexts.append(text)
  }

  /// Data in pieces of one buffer, swapped on the way, then zeros up to a whole block.
  func writeData(_ type: PixelType, _ bytes: UnsafeRawBufferPointer) throws(FITSError) {
    if let base = bytes.baseAddress {
      var offset = 0
      while offset < bytes.count {
        let count = min(ByteRelay.bufferBytes, bytes.count - offset)
        try write(count) { target in
          // Swapped in pieces that stay in the nearest cache.
          var done = 0
          while done < count {
            let size = min(1 << 17, count - done)
            ByteSwapping.encode(type, from: base + offset + done, to: target + done, count: size / type.bytes)
            done += size
          }
        }
        offset += count
      }
    }
    try writeBytes([UInt8](repeating: 0, count: (2880 - bytes.count % 2880) % 2880))
  }

  private func writeBytes(_ bytes: [UInt8]) throws(FITSError) {
    var offset = 0
    while offset < bytes.count {
      let count = min(ByteRelay.bufferBytes, bytes.count - offset)
      try write(count) { target in
        bytes.withUnsafeBytes { source in
          if let base = source.baseAddress { target.copyMemory(from: base + offset, byteCount: count) }
        }
      }
      offset += count
    }
  }

  private func write(_ count: Int, _ fill: (UnsafeMutableRawPointer) -> Void) throws(FITSError) {
    let buffer = relay.take()
    if let base = buffer.baseAddress { fill(base) }
    do throws(FITSError) {
      try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    } catch {
      relay.deliver(buffer, count: 0)
      throw error
    }
    relay.deliver(buffer, count: count)
  }
}
