import Foundation
import Glibc

/// A file system of a few megabytes, in memory, mounted for one test and unmounted when that ends.
final class SmallDisk: Sendable {
  let path: String

  /// Whether this test may mount: asked once, by doing it.
  static let canMount: Bool = {
    guard geteuid() == 0 else { return false }
    return (try? SmallDisk(at: Workspace.name("mount-trial"), megabytes: 1)) != nil
  }()

  init(at path: String, megabytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let number = mount("none", path, "tmpfs", 0, "size=\(megabytes)m,mode=755")
    guard number == 0 else {
      throw CommandFailed(description: "cannot mount at \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { unmount() }

  /// As `umount -l`: at once, whoever has it open.
  func unmount() { umount2(path, Int32(MNT_DETACH)) }

  private var filler: String { path + "/filler" }

  /// Writes until nothing more fits, or until so many bytes are left.
  func fill(leaving left: Int = 0) throws {
    let file = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      throw CommandFailed(description: "\(filler): \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    for size in [1 << 20, 4096] {
      let zeros = [UInt8](repeating: 0, count: size)
      while free() >= left + size || left == 0 {
        if write(file, zeros, size) < size { break }
      }
    }
  }

  func empty() { unlink(filler) }

  func free() -> Int {
    var space = statvfs()
    return statvfs(path, &space) == 0 ? Int(space.f_bavail) * Int(space.f_frsize) : 0
  }
}
