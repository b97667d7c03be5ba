import FITSIO

extension StepContext {
  /// A reference that is a table, with its primary header.
  public struct ReferenceTable: Sendable {
    /// Bare file name.
    public let name: String
    /// Primary header.
    public let header: Header
    /// The first table, `PROVENANCE` left out.
    public let table: TableHDU
  }

  /// The table of the reference of a type; nil without a reference.
  /// - Throws: `EngineError` `no-table`; what a file that cannot be read throws.
  public func referenceTable(_ type: String) throws -> ReferenceTable? {
    guard let path = resolved(type).path else { return nil }
    logger.info("Using \(type.uppercased()) reference file \(path)")
    let file = try FITSFile(reading: path)
    let header = Header(withoutStructure: try file.cards(of: 0))
    for hdu in 1..<max(1, try file.hduCount()) {
      let cards = Header(try file.cards(of: hdu))
      guard cards.string("XTENSION") != "IMAGE", cards.string("EXTNAME") != "PROVENANCE" else { continue }
      return ReferenceTable(name: fileName(of: path), header: header, table: try file.table(of: hdu))
    }
    throw EngineError("no-table", "the \(type) reference holds no table", subject: path)
  }
}
