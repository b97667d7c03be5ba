/// What the rules say about one reference type for one header.
public enum LookupResult: Sendable, Equatable {
  /// `row` is the matched row as the rmap writes it, `useAfter` the date of the chosen entry.
  case found(file: String, rmap: String, row: String, useAfter: String?)
  /// The rules say that this type does not apply (`N/A`); `rmap` is nil when the imap says so.
  case notApplicable(rmap: String?)
  /// Nothing matched; a sentence says which rmap, which values, and what the nearest row wants instead.
  case noMatch(reason: String)
  /// The rules leave this type out (`OMIT`).
  case omitted

  /// The file's name when one was found.
  public var file: String? {
    if case .found(let file, _, _, _) = self { file } else { nil }
  }
}

/// A reference and the date from which it is used, as a `UseAfter` row writes them.
public struct DatedReference: Sendable, Hashable {
  /// `yyyy-mm-dd hh:mm:ss`, UTC.
  public var useAfter: String
  /// Bare file name, or `N/A`.
  public var file: String

  public init(useAfter: String, file: String) {
    self.useAfter = useAfter
    self.file = file
  }
}
