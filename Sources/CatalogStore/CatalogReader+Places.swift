import GRDB

/// Where a recorded file lies, and how it looked there.
public struct KnownPlace: Sendable, Equatable {
  public var path: String
  public var device: Int64
  public var inode: Int64
  public var bytes: Int64
  public var modifiedNanoseconds: Int64
  /// False for a file that is quarantined as unreadable: so that a repaired mode is noticed.
  public var wasRead: Bool
  /// False for a product.
  public var isRaw: Bool

  package init(
    path: String, device: Int64, inode: Int64, bytes: Int64, modifiedNanoseconds: Int64, wasRead: Bool = true,
    isRaw: Bool = true
  ) {
    self.path = path
    self.device = device
    self.inode = inode
    self.bytes = bytes
    self.modifiedNanoseconds = modifiedNanoseconds
    self.wasRead = wasRead
    self.isRaw = isRaw
  }
}

extension CatalogReader {
  /// Tells the files recorded at or below a folder one by one, from one snapshot: the catalog of years fits in no
  /// list.
  public func eachPlace(under folder: String, _ body: (KnownPlace) -> Void) throws(CatalogError) {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT p.path, p.device, p.inode, p.bytes, p.modified_ns, f.content_id IS NOT NULL, f.origin = 'raw'
          FROM place p JOIN frame f ON f.id = p.frame_id WHERE p.path >= ? AND p.path < ?
          """, arguments: [folder + "/", folder + "0"])
      while let row = try rows.next() {
        body(
          KnownPlace(
            path: row[0], device: row[1], inode: row[2], bytes: row[3], modifiedNanoseconds: row[4],
            wasRead: row[5], isRaw: row[6]))
      }
    }
  }
}
