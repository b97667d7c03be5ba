/// One value of an answer.
public enum SelectionValue: Sendable, Equatable {
  case none
  case text(String)
  case integer(Int64)
  case real(Double)
  /// Seconds since 1970 UTC.
  case time(Double)

  /// The value as people read it; empty for none.
  public var description: String {
    switch self {
    case .none: ""
    case .text(let text): text
    case .integer(let value): String(value)
    case .real(let value):
      value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    case .time(let seconds): CatalogTime.text(seconds)
    }
  }
}

/// What a selection found.
public struct SelectionResult: Sendable, Equatable {
  public var columns: [SelectionColumn]
  /// One value for each column.
  public var rows: [[SelectionValue]]
  /// How many there are without the limit.
  public var total: Int
  /// Headers that were opened because no index holds a keyword that was asked for; 0 when the index answered.
  public var scannedHeaders: Int
}
