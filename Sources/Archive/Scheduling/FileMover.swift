import Foundation
import Glibc

/// Moves finished products into place: never over an existing file, and synced before the catalog says so.
package enum FileMover {
  package enum Outcome: Sendable, Equatable {
    case moved
    /// A file of this name with this very content lies there already (a crash came between move and commit).
    case adopted
  }

  /// - Throws: ``ArchiveError`` `product-exists` when another content lies there, `product-move` otherwise.
  package static func move(_ source: String, to target: String, sha256: String) throws(ArchiveError)
    -> Outcome
  {
    try makeFolder((target as NSString).deletingLastPathComponent)
    // A second name and then the loss of the first: unlike rename this never replaces what lies there.
    if Glibc.link(source, target) == 0 {
      unlink(source)
      try syncFolder((target as NSString).deletingLastPathComponent)
      return .moved
    }
    let number = errno
    if number == EEXIST || number == ENOENT, FileHasher.read(target) == sha256 {
      unlink(source)
      return .adopted
    }
    if number == EEXIST {
      throw ArchiveError(
        code: "product-exists", message: "another file lies at the product's place; it is never overwritten",
        subject: target, hint: "irisarchive verify, then move that file away")
    }
    throw failure("the product cannot be moved into place", target, number)
  }

  static func makeFolder(_ path: String) throws(ArchiveError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw ArchiveError(
        code: "folder", message: "the folder cannot be made", subject: path, hint: "irisarchive doctor",
        underlying: error)
    }
  }

  /// Makes the file's second name (or a copy, across file systems) without replacing anything.
  package static func link(_ source: String, at target: String, sha256: String) throws(ArchiveError) {
    try makeFolder((target as NSString).deletingLastPathComponent)
    if Glibc.link(source, target) == 0 {
      return try syncFolder((target as NSString).deletingLastPathComponent)
    }
    let number = errno
    if number == EEXIST {
      if FileHasher.read(target) == sha256 { return }
      throw failure("another reference file has this name", target, number)
    }
    guard number == EXDEV || number == EPERM || number == EMLINK else {
      throw failure("the reference cannot be put into the cache", target, number)
    }
    let temporary = target + ".new"
    unlink(temporary)
    do {
      try FileManager.default.copyItem(atPath: source, toPath: temporary)
    } catch {
      throw failure("the reference cannot be copied into the cache: \(error)", target, EIO)
    }
    try syncFile(temporary)
    _ = try move(temporary, to: target, sha256: sha256)
  }

  static func syncFolder(_ path: String) throws(ArchiveError) { try sync(path, O_RDONLY | O_DIRECTORY) }

  static func syncFile(_ path: String) throws(ArchiveError) { try sync(path, O_RDONLY) }

  private static func sync(_ path: String, _ flags: Int32) throws(ArchiveError) {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot be opened to sync it", path, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("cannot be synced", path, errno) }
  }

  private static func failure(_ what: String, _ path: String, _ number: Int32) -> ArchiveError {
    ArchiveError(
      code: "product-move", message: "\(what): \(String(cString: strerror(number)))", subject: path,
      hint: number == EXDEV
        ? "work and products must lie on one file system: set [folders] work in config/irisarchive.cfg"
        : "irisarchive doctor")
  }
}
