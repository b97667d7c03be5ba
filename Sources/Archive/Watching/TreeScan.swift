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
    /// Files whose names are not UTF-8, under an escaped path (`a%FF.fits`).
    package var unnameable: [Entry] = []
    /// Folders that could not be looked into: what lies in them is not known.
    package var unreadable: [String] = []
    /// Devices of the folders that were looked into.
    package var devices: Set<Int64> = []

    package init() {}
  }

  /// - Parameter accepts: judges a bare file name.
  package static func list(_ folder: String, accepts: (String) -> Bool) -> Listing {
    var listing = Listing()
    var pending = [folder]
    while let current = pending.popLast() {
      guard let stream = opendir(current) else {
        refused(current, errno, isRoot: current == folder, &listing)
        continue
      }
      defer { closedir(stream) }
      var status = stat()
      if fstat(dirfd(stream), &status) == 0 {
        listing.devices.insert(Int64(bitPattern: UInt64(status.st_dev)))
      }
      while let item = readdir(stream) {
        let bytes = withUnsafePointer(to: &item.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
            Array(UnsafeBufferPointer(start: name, count: strlen(name)))
          }
        }
        guard let name = String(validating: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self) else {
          unnameable(bytes, dirfd(stream), current, &listing, accepts)
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

  /// A folder that cannot be opened; one that has vanished meanwhile is none.
  private static func refused(_ path: String, _ number: Int32, isRoot: Bool, _ listing: inout Listing) {
    if number == ENOENT && !isRoot { return }
    listing.unreadable.append(path)
    if isRoot { return }
    let why = String(cString: strerror(number))
    listing.oddities.append(
      (path, "a folder that cannot be looked into (\(why)): make it readable for the archive's user"))
  }

  /// A name that is not UTF-8 cannot be kept; the file is told under an escaped one.
  private static func unnameable(
    _ bytes: [CChar], _ folder: Int32, _ path: String, _ listing: inout Listing, _ accepts: (String) -> Bool
  ) {
    let escaped = Self.escaped(bytes.map { UInt8(bitPattern: $0) })
    var status = stat()
    guard fstatat(folder, bytes + [0], &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      if accepts(escaped) { listing.unnameable.append(entry(path + "/" + escaped, status)) }
    case S_IFDIR:
      listing.unreadable.append(path + "/" + escaped)
      listing.oddities.append(
        (path + "/" + escaped, "a folder whose name is not UTF-8 is not looked into; rename it"))
    default: break
    }
  }

  /// Bytes outside ASCII, and `%` itself, as `%XX`.
  package static func escaped(_ name: [UInt8]) -> String {
    name.map { byte in
      if byte >= 0x20, byte < 0x7f, byte != UInt8(ascii: "%") { return String(UnicodeScalar(byte)) }
      let digits = String(byte, radix: 16, uppercase: true)
      return "%" + (byte < 16 ? "0" : "") + digits
    }.joined()
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
