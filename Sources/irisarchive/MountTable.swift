import Foundation

/// Which file system a path lies on, as the kernel says (`/proc/self/mountinfo`, proc(5)).
enum MountTable {
  /// `ext4`, `nfs4` …; nil when nothing is known of the path.
  static func fileSystem(of path: String) -> String? {
    guard let table = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return nil }
    return fileSystem(of: URL(fileURLWithPath: path).resolvingSymlinksInPath().path, table: table)
  }

  /// The mount whose point is the longest beginning of the path wins; of equals the later one, which covers
  /// it.
  static func fileSystem(of path: String, table: String) -> String? {
    var best: (length: Int, type: String)?
    for line in table.split(separator: "\n") {
      let halves = line.components(separatedBy: " - ")
      let before = halves[0].split(separator: " ")
      guard halves.count == 2, before.count > 4, let type = halves[1].split(separator: " ").first else {
        continue
      }
      let point = unescaped(String(before[4]))
      guard path == point || path.hasPrefix(point == "/" ? "/" : point + "/") else { continue }
      if point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, String(type)) }
    }
    return best?.type
  }

  /// True for file systems that other machines write to behind this kernel's back.
  static func isNetwork(_ type: String) -> Bool {
    [
      "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "coda",
      "glusterfs",
    ]
    .contains(type) || type.hasPrefix("fuse")
  }

  /// The kernel writes blanks, tabs, line ends and backslashes as octal.
  private static func unescaped(_ text: String) -> String {
    text.replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\012", with: "\n")
      .replacing("\\134", with: "\\")
  }
}
