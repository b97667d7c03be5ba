import Glibc

/// Writes small files whole or not at all: a temporary name, fsync, the final name, fsync of the folder.
enum AtomicFile {
  /// - Parameters:
  ///   - what: what the file is, for the error: `the report`.
  ///   - replacing: whether a file that is there makes way; else it is an error.
  /// - Throws: `EngineError` `write-failed`, `disk-full`.
  static func write(
    _ bytes: [UInt8], to name: String, in directory: String, what: String, replacing: Bool
  ) throws(EngineError) {
    let temporary = "\(directory)/.\(name).\(getpid()).tmp"
    let final = "\(directory)/\(name)"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failed(what, temporary) }
    let isWritten = bytes.withUnsafeBytes { writeAll($0, to: descriptor) } && fsync(descriptor) == 0
    guard close(descriptor) == 0, isWritten, place(temporary, at: final, replacing: replacing) else {
      let error = failed(what, final)
      unlink(temporary)
      throw error
    }
    let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  /// A second name never replaces what has it, as rename does.
  private static func place(_ temporary: String, at final: String, replacing: Bool) -> Bool {
    if replacing { return rename(temporary, final) == 0 }
    guard link(temporary, final) == 0 else { return false }
    unlink(temporary)
    return true
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }

  private static func failed(_ what: String, _ path: String) -> EngineError {
    let errno = errno
    let why = errno == EEXIST ? "a file of this name is there already" : String(cString: strerror(errno))
    let code = errno == ENOSPC || errno == EDQUOT ? "disk-full" : "write-failed"
    return EngineError(code, "cannot write \(what): \(why)", subject: path)
  }
}
