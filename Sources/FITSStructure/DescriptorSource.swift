import Glibc

/// A regular file read by position, up to the size it had at the start.
struct DescriptorSource {
  /// 364 blocks of 2880 bytes: as near to 1 MiB as whole blocks come.
  static let chunkBytes = 364 * StructureScanner.blockBytes

  let descriptor: Int32
  let size: UInt64

  init(_ descriptor: Int32) throws(FITSStructureError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(descriptor, "fstat", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FITSStructureError(
        code: "not-regular", message: "only regular files are read", subject: "descriptor \(descriptor)")
    }
    self.descriptor = descriptor
    size = UInt64(max(0, status.st_size))
  }

  /// Room for the whole file when it is small, else one chunk.
  var bufferBytes: Int {
    let block = UInt64(StructureScanner.blockBytes)
    return Int(min(UInt64(Self.chunkBytes), (size + block - 1) / block * block + block))
  }

  /// Fills the buffer from `offset`.
  ///
  /// - Returns: the bytes read; less than the buffer's size only at the end of the file.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FITSStructureError) -> Int {
    guard offset < size, let base = buffer.baseAddress else { return 0 }
    let want = Int(min(UInt64(buffer.count), size - offset))
    var have = 0
    while have < want {
      let count = pread(descriptor, base + have, want - have, off_t(offset) + off_t(have))
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.failure(descriptor, "pread", errno)
      }
      if count == 0 { break }
      have += count
    }
    return have
  }

  private static func failure(_ descriptor: Int32, _ call: String, _ number: Int32) -> FITSStructureError {
    FITSStructureError(
      code: "read-failed", message: "\(call): \(String(cString: strerror(number)))",
      subject: "descriptor \(descriptor)")
  }
}
