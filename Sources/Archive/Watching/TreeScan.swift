import Glibc

/// Lists the files under a folder without following links: the look that goes with every watch.
package enum TreeScan {
  package struct Entry: Sendable, Equatable {
    package var path: String
    package var modifiedNanoseconds: Int64
    package var bytes: Int64
    package var inode: Int64
    package var device: Int64
    package var changedNanoseconds: Int64
  }

  /// What was found: files in order of their last change, and things that are named like files but are none.
  package struct Listing: Sendable {
    package var files: [Entry] = []
    package var oddities: [(path: String, sentence: String)] = []
    /// Files whose names are not UTF-8, under an escaped path (`a%FF.fits`), or lie in a folder of such a name.
    package var unnameable: [Entry] = []
    /// Folders that could not be looked into: what lies in them is not known.
    package var unreadable: [String] = []
    /// Devices of the folders that were looked into.
    package var devices: Set<Int64> = []

    package init() {}
  }

  /// A folder to look into: its path in bytes, and as it is shown.
  private struct Folder {
    var bytes: [CChar]
    var shown: String
    /// Its path is UTF-8, so that what lies in it can be kept by its own name.
    var isNameable: Bool
  }

  /// - Parameter accepts: judges a bare file name.
  package static func list(_ folder: String, accepts: (String) -> Bool) -> Listing {
    var listing = Listing()
    var pending = [Folder(bytes: Array(folder.utf8CString.dropLast()), shown: folder, isNameable: true)]
    while let current = pending.popLast() {
      guard let stream = opendir(current.bytes + [0]) else {
        refused(current.shown, errno, isRoot: current.shown == folder, &listing)
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
        if bytes == Self.dot || bytes == Self.dot + Self.dot { continue }
        visit(bytes, dirfd(stream), current, &listing, &pending, accepts)
      }
    }
    listing.files.sort { ($0.modifiedNanoseconds, $0.path) < ($1.modifiedNanoseconds, $1.path) }
    return listing
  }

  private static let dot = [CChar(bitPattern: UInt8(ascii: "."))]
  private static let slash = [CChar(bitPattern: UInt8(ascii: "/"))]

  /// A name that is not UTF-8, or lies below such a one, cannot be kept: the file is told under an escaped one.
  private static func visit(
    _ bytes: [CChar], _ descriptor: Int32, _ folder: Folder, _ listing: inout Listing,
    _ pending: inout [Folder], _ accepts: (String) -> Bool
  ) {
    let raw = bytes.map { UInt8(bitPattern: $0) }
    let valid = String(validating: raw, as: UTF8.self)
    let name = valid ?? escaped(raw)
    let path = folder.shown + "/" + name
    let isNameable = folder.isNameable && valid != nil
    var status = stat()
    guard fstatat(descriptor, bytes + [0], &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      if accepts(name) { listing.oddities.append((path, OddFile.folder)) }
      pending.append(Folder(bytes: folder.bytes + slash + bytes, shown: path, isNameable: isNameable))
    case S_IFREG:
      guard accepts(name) else { return }
      if isNameable {
        listing.files.append(entry(path, status))
      } else {
        listing.unnameable.append(entry(path, status))
      }
    default:
      if accepts(name) { listing.oddities.append((path, OddFile.other)) }
    }
  }

  /// A folder that cannot be opened; one that has vanished meanwhile is none.
  private static func refused(_ path: String, _ number: Int32, isRoot: Bool, _ listing: inout Listing) {
    if number == ENOENT && !isRoot { return }
    listing.unreadable.append(path)
    if isRoot { return }
    let why = String(cString: strerror(number))
    let what = number == ENAMETOOLONG ? "give it a shorter path" : "make it readable for the archive's user"
    listing.oddities.append((path, "a folder that cannot be looked into (\(why)): \(what)"))
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
