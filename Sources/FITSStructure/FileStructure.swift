import Glibc

/// The HDUs of a file and whether they add up to it.
///
/// Pure Swift and bounded: for files that somebody else wrote, where CFITSIO must not go.
public struct FileStructure: Sendable {
  /// The HDUs whose headers are whole; the last one's data may be incomplete.
  public let hdus: [HDUStructure]
  /// Whether the extents add up to the size.
  public let completeness: Completeness
  /// True when the file is gzip-compressed, by its first bytes.
  public let isGzipped: Bool
  /// The file's size on disk.
  public let fileBytes: UInt64
  /// Bytes of the FITS stream: `fileBytes`, or what a gzipped file inflates to (as far as it was inflated).
  public let dataBytes: UInt64

  /// Reads the structure through a descriptor, with `pread` only: never seeks, never follows a name.
  ///
  /// Data are skipped; gzipped files are inflated in a stream, in bounded memory.
  ///
  /// - Parameters:
  ///   - descriptor: a regular file, open for reading.
  ///   - hasWriter: somebody still has the file open for writing: what is missing is then `stillGrowing`.
  ///   - limits: bounds; a file beyond them is `notFITS` with that reason.
  /// - Throws: `not-regular`, `read-failed`. Faults of the content are told by `completeness`.
  public static func read(
    descriptor: Int32, hasWriter: Bool, limits: Limits = .init()
  ) throws(FITSStructureError) -> FileStructure {
    try scan(descriptor, hasWriter, limits, everyByte: false) { _ in }.0
  }

  /// Reads the whole file once: structure, and the verdict of every HDU's own checksums.
  ///
  /// - Parameters:
  ///   - descriptor: a regular file, open for reading.
  ///   - hasWriter: see `read`.
  ///   - limits: see `read`.
  ///   - onBytes: sees every byte of the file exactly once, in order, as stored (compressed if it is), also
  ///     when the file is not FITS: the place to hash it.
  /// - Returns: the structure, and one verdict per HDU that is wholly there.
  /// - Throws: `not-regular`, `read-failed`.
  public static func readVerifying(
    descriptor: Int32, hasWriter: Bool, limits: Limits = .init(), onBytes: (UnsafeRawBufferPointer) -> Void
  ) throws(FITSStructureError) -> (FileStructure, [ChecksumVerdict]) {
    try scan(descriptor, hasWriter, limits, everyByte: true, onBytes: onBytes)
  }

  private static func scan(
    _ descriptor: Int32, _ hasWriter: Bool, _ limits: Limits, everyByte: Bool,
    onBytes: (UnsafeRawBufferPointer) -> Void
  ) throws(FITSStructureError) -> (FileStructure, [ChecksumVerdict]) {
    let source = try DescriptorSource(descriptor)
    var scanner = StructureScanner(limits: limits, verifying: everyByte)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: source.bufferBytes, alignment: 64)
    defer { buffer.deallocate() }
    let first = try source.fill(buffer, at: 0)
    let isGzipped = first >= 2 && buffer[0] == 0x1F && buffer[1] == 0x8B
    var completeness: Completeness?
    if isGzipped {
      completeness = try GzipScan(source: source, limits: limits, hasWriter: hasWriter, everyByte: everyByte)
        .run(&scanner, buffer, first, onBytes: onBytes)
    } else {
      try scanPlain(source, &scanner, buffer, first, onBytes: onBytes)
    }
    let structure = FileStructure(
      hdus: scanner.hdus, completeness: completeness ?? scanner.completeness(hasWriter: hasWriter),
      isGzipped: isGzipped, fileBytes: source.size, dataBytes: isGzipped ? scanner.position : source.size)
    return (structure, scanner.verdicts)
  }

  /// Hands the file to the scanner, jumping over what it does not need when nobody else wants the bytes.
  private static func scanPlain(
    _ source: DescriptorSource, _ scanner: inout StructureScanner, _ buffer: UnsafeMutableRawBufferPointer,
    _ first: Int, onBytes: (UnsafeRawBufferPointer) -> Void
  ) throws(FITSStructureError) {
    var have = first
    while have > 0 {
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<have])
      onBytes(bytes)
      scanner.consume(bytes)
      if !scanner.verifying {
        let rest = source.size > scanner.position ? source.size - scanner.position : 0
        scanner.skip(min(scanner.skippable, rest))
      }
      have = try source.fill(buffer, at: scanner.position)
    }
  }
}
