/// One column of a table: what its cells are, and what they mean.
public struct Column: Sendable, Hashable {
  /// What the cells of a column hold; any cell may be null as well.
  public enum Kind: String, Sendable, Hashable, Codable {
    case string, int, double, bool
  }

  public var name: String
  public var kind: Kind
  /// In the grammar that FITS and VO units share, e.g. `s`, `adu/s`.
  public var unit: String?
  /// IVOA unified content descriptor, e.g. `time.duration;obs.exposure`.
  public var ucd: String?
  public var description: String?

  public init(
    _ name: String, _ kind: Kind, unit: String? = nil, ucd: String? = nil, description: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.ucd = ucd
    self.description = description
  }
}
