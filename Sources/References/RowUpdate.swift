/// The new content of one row of one rmap.
public struct RowUpdate: Sendable, Hashable {
  /// Reference type, any case.
  public var type: String
  /// The row's tuple; see `ReferenceRules.matchValues(header:)`.
  public var matchValues: [String]
  /// All references of the row; they take the place of those it has. Empty takes the row away.
  public var references: [DatedReference]

  public init(type: String, matchValues: [String], references: [DatedReference]) {
    self.type = type
    self.matchValues = matchValues
    self.references = references
  }
}
