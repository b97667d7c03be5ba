import Foundation
import Glibc

/// Whether a file that decides what a service runs can be changed by somebody else than those it trusts.
public enum TrustedPath {
  /// Why `file` is not to be trusted; nil when it is.
  ///
  /// It must be a regular file (links are not followed), and it and every folder above it must belong to root or to
  /// `user` and be writable by nobody else. A sticky folder such as `/tmp` lets nobody rename what is not theirs.
  ///
  /// - Parameters:
  ///   - file: an absolute path whose folder is no link (`realpath`).
  ///   - mustBeExecutable: whether it is itself a program.
  public static func fault(of file: String, user: uid_t, mustBeExecutable: Bool) -> String? {
    var status = stat()
    guard lstat(file, &status) == 0 else { return "\(file) is not there" }
    guard status.st_mode & S_IFMT == S_IFREG else { return "not a regular file (links are not followed)" }
    if mustBeExecutable && status.st_mode & 0o111 == 0 { return "not executable: chmod +x" }
    var current = file
    while true {
      if let fault = fault(at: current, user: user) { return fault }
      if current == "/" || current.isEmpty { return nil }
      let parent = (current as NSString).deletingLastPathComponent
      current = parent.isEmpty ? "/" : parent
    }
  }

  /// `path` with its folder's links followed and its own name kept: what ``fault(of:user:mustBeExecutable:)`` judges.
  /// A file that is itself a link stays one. Returned as it is when its folder is not there.
  public static func withRealFolder(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return withRealFolder("./" + path) }
    guard let real = realpath(String(path[...slash]), nil) else { return path }
    defer { free(real) }
    let folder = String(cString: real)
    return (folder == "/" ? "" : folder) + path[slash...]
  }

  private static func fault(at path: String, user: uid_t) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return "\(path) vanished" }
    if status.st_uid != 0 && status.st_uid != user {
      return "\(path) is owned by another user (uid \(status.st_uid))"
    }
    let isSticky = status.st_mode & S_IFMT == S_IFDIR && status.st_mode & S_ISVTX != 0
    guard status.st_mode & 0o022 != 0 && !isSticky else { return nil }
    return "\(path) is writable by group or others: chmod go-w"
  }
}
