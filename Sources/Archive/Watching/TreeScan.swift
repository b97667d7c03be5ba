import Glibc

/// Lists the files under a folder without following links: the look that goes with every watch.
package enum TreeScan {
  package struct Entry: Sendable, Equatable {
    package var path: String
    var modifiedNanoseconds: Int64
    var bytes: Int64
    var inode: Int64
    var device: Int64
    var changedNanoseconds: Int64
  }

  /// What was found: files in order of their last change, and things that are named like files but are none.
  package struct Listing: Sendable {
    package var files: [Entry] = []
    package var oddities: [(path: String, sentence: String)] = []
  }

  /// - Parameter accepts: judges a bare file name.
  package static func list(_ folder: String, accepts: (String) -> Bool) -> Listing {
    var listing = Listing()
    var pending = [folder]
    while let current = pending.popLast() {
      guard let stream = opendir(current) else { continue }
      defer { closedir(stream) }
      while let item = readdir(stream) {
        let name = withUnsafePointer(to: &item.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
        }
        guard let name else {
          listing.oddities.append((current, "a file name in this folder is not UTF-8; rename the file"))
          continue
        }
        if name == "." || name == ".." { continue }
        visit(current + "/" + name, name, &listing, &pending, accepts)
      }
    }
    listing.files.sort { ($0.modifiedNanoseconds, $0.path) < ($1.modifiedNanoseconds, $1.path) }
    return listing
  }

  private static func visit(
    _ path: String, _ name: String, _ listing: inout Listing, _ pending: inout [String],
    _ accepts: (String) -> Bool
  ) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      if accepts(name) {
        listing.oddities.append((path, OddFile.folder))
      }
      pending.append(path)
    case S_IFREG:
      if accepts(name) { listing.files.append(entry(path, status)) }
    default:
      if accepts(name) {
        listing.oddities.append((path, OddFile.other))
      }
    }
  }

  static func entry(_ path: String, _ status: stat) -> Entry {
    Entry(
      path: path, modifiedNanoseconds: nanoseconds(status.st_mtim), bytes: Int64(status.st_size),
      inode: Int64(bitPattern: UInt64(status.st_ino)), device: Int64(bitPattern: UInt64(status.st_dev)),
      changedNanoseconds: nanoseconds(status.st_ctim))
  }

  static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
