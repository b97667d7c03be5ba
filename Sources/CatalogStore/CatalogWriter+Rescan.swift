import GRDB

extension CatalogWriter {
  private static let rescan = "rescan-asked"

  /// Asks the daemon to compare the whole watched tree with the catalog now.
  public func askForRescan(at time: Double) throws(CatalogError) {
    try setFact(Self.rescan, CatalogTime.text(time))
  }

  /// Takes the request off.
  ///
  /// - Returns: whether there was one.
  public func takeRescanRequest() throws(CatalogError) -> Bool {
    guard try reader.fact(Self.rescan) != nil else { return false }
    try removeFact(Self.rescan)
    return true
  }
}
