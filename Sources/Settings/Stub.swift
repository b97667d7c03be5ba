public struct ArchiveSettings: Sendable {
  public var ignoredNames: [String] = []
  public var nightTurnover: String = "22:00"
}
