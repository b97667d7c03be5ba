import Foundation
import Glibc

/// Copies a folder, links as links, modes kept. Files that an earlier copy holds with the same content are linked to it.
struct FolderCopy {
  struct Tally {
    var files = 0
    var bytes: Int64 = 0
    /// Of the files, those that are links to an earlier copy.
    var linked = 0
  }

  /// The same folder in an earlier copy.
  let previous: String?

  /// What vanishes while it is copied, as the temporary files of a daemon at work do, is left out.
  ///
  /// - Throws: ``CommandFailure`` `failed`, with the file that cannot be copied.
  func copy(_ source: String, to target: String) throws -> Tally {
    var tally = Tally()
    // A cache may be a link to another disk: what it leads to is what is wanted.
    let source = URL(fileURLWithPath: source).resolvingSymlinksInPath().path
    try folder(target, like: source)
    let walk = FileManager.default.enumerator(atPath: source)
    while let name = walk?.nextObject() as? String {
      let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
      var status = stat()
      guard lstat(from, &status) == 0 else {
        if errno == ENOENT { continue }
        throw Self.failure(from)
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        if access(from, F_OK) == 0 { try folder(to, like: from) }
      case S_IFREG:
        let isLinked = try link(name, from, to)
        guard try isLinked || file(from, to) else { continue }
        tally.files += 1
        tally.bytes += Int64(status.st_size)
        if isLinked { tally.linked += 1 }
      case S_IFLNK:
        if try file(from, to) { tally.files += 1 }
      default: continue
      }
    }
    return tally
  }

  private func folder(_ path: String, like source: String) throws {
    guard access(source, R_OK | X_OK) == 0 else { throw Self.failure(source) }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Self.failure(path)
    }
    var status = stat()
    guard stat(source, &status) == 0, chmod(path, status.st_mode & 0o7777 | 0o700) == 0 else {
      throw Self.failure(path)
    }
  }

  /// False when it is not there any more.
  private func file(_ from: String, _ to: String) throws -> Bool {
    do {
      try FileManager.default.copyItem(atPath: from, toPath: to)
      return true
    } catch {
      var status = stat()
      if lstat(from, &status) != 0 && errno == ENOENT {
        unlink(to)
        return false
      }
      throw CommandFailure(
        code: "failed", message: "cannot be copied: \(error.localizedDescription)", subject: from,
        hint: "run it as the user of the daemon, and look for space", underlying: error)
    }
  }

  private func link(_ name: String, _ from: String, _ to: String) throws -> Bool {
    guard let earlier = previous.map({ "\($0)/\(name)" }), access(earlier, R_OK) == 0 else { return false }
    guard FileManager.default.contentsEqual(atPath: from, andPath: earlier) else { return false }
    return Glibc.link(earlier, to) == 0
  }

  private static func failure(_ path: String) -> CommandFailure {
    CommandFailure(
      code: "failed", message: "cannot be copied: \(String(cString: strerror(errno)))", subject: path,
      hint: "run it as the user of the daemon")
  }

  static func size(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  // MARK: to the disk

  /// Everything in a folder and the folder itself is on the disk after this.
  static func sync(_ folder: String) throws {
    let walk = FileManager.default.enumerator(atPath: folder)
    while let name = walk?.nextObject() as? String {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { continue }
      try sync(file: path)
    }
    try sync(file: folder)
  }

  static func sync(file path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(path) }
  }
}
