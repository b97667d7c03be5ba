import Foundation
import Glibc

/// Writing of files that must appear whole and never replace another.
enum NewFile {
  /// Writes `bytes` to a temporary name beside `path`, syncs, and renames without replacing; syncs the
  /// folder.
  ///
  /// - Returns: false when `path` exists already (nothing is changed).
  static func write(_ bytes: Data, to path: String) throws(ReferencesError) -> Bool {
    let temporary = temporaryName(for: path)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("cannot be created", temporary) }
    defer { unlink(temporary) }
    do {
      defer { close(descriptor) }
      try writeAll(bytes, to: descriptor, path: temporary)
      guard fsync(descriptor) == 0 else { throw failure("cannot be synced", temporary) }
    }
    return try place(temporary, as: path)
  }

  /// Puts `bytes` in the place of the file at `path`, whole, by rename; keeps its permissions.
  static func replace(_ path: String, with bytes: Data) throws(ReferencesError) {
    var status = stat()
    let mode = stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0o644
    let temporary = temporaryName(for: path)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("cannot be created", temporary) }
    defer { unlink(temporary) }
    do {
      defer { close(descriptor) }
      try writeAll(bytes, to: descriptor, path: temporary)
      guard fsync(descriptor) == 0 else { throw failure("cannot be synced", temporary) }
    }
    guard rename(temporary, path) == 0 else { throw failure("cannot be replaced", path) }
    try syncFolder(of: path)
  }

  /// Makes the file at `source` appear as `path`: a hard link where that is wanted and the disk allows, else a
  /// synced copy.
  ///
  /// - Returns: false when `path` exists already.
  static func install(
    _ source: String, as path: String, linking: Bool
  ) throws(ReferencesError) -> Bool {
    if linking {
      if link(source, path) == 0 {
        try syncFolder(of: path)
        return true
      }
      if errno == EEXIST { return false }
    }
    guard let bytes = try? Data(contentsOf: URL(filePath: source), options: .mappedIfSafe) else {
      throw failure("cannot be read", source)
    }
    return try write(bytes, to: path)
  }

  private static func temporaryName(for path: String) -> String {
    let bar = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return "\(path[..<bar]).\(path[bar...]).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
  }

  private static func writeAll(_ bytes: Data, to descriptor: Int32, path: String) throws(ReferencesError) {
    let failed = bytes.withUnsafeBytes { buffer -> Bool in
      var offset = 0
      while offset < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return true }
        offset += count
      }
      return false
    }
    if failed { throw failure("cannot be written", path) }
  }

  /// `link` + `unlink` is the rename that never replaces, on every file system that has links.
  private static func place(_ temporary: String, as path: String) throws(ReferencesError) -> Bool {
    guard link(temporary, path) == 0 else {
      if errno == EEXIST { return false }
      throw failure("cannot be given its name", path)
    }
    try syncFolder(of: path)
    return true
  }

  private static func syncFolder(of path: String) throws(ReferencesError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot be opened", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("cannot be synced", folder) }
  }

  private static func failure(_ what: String, _ path: String) -> ReferencesError {
    ReferencesError("io", "\(what): \(String(cString: strerror(errno)))", path)
  }
}
