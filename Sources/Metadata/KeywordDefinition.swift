/// One keyword of the schema: its names in all generations, its metadata path, type, unit and meaning.
public struct KeywordDefinition: Sendable, Hashable {
  /// What a value may be.
  public enum ValueType: String, Sendable, Codable, CaseIterable {
    /// A FITS string.
    case string
    /// An identifier: a string, or a number that is taken as written.
    case label
    case integer
    /// An integer or a real.
    case double
    /// A FITS logical; 0 and 1 are read as F and T.
    case logical
    /// A date, or a date with time (see `FITSDate`).
    case datetime
    /// A time of day, `hh:mm:ss`.
    case time
    /// Right ascension: degrees, or `hh:mm:ss` text.
    case ra
    /// Declination: degrees, or `dd:mm:ss` text.
    case dec
  }

  /// The name that this project writes.
  public let keyword: String
  /// Names in older and newer generations of files, in order of preference.
  public let aliases: [String]
  /// Dotted metadata path, e.g. `exposure.time`.
  public let path: String
  public let type: ValueType
  /// Unit in the grammar that FITS and VO units share, or nil.
  public let unit: String?
  /// IVOA unified content descriptor (UCD1+), or nil.
  public let ucd: String?
  /// The allowed values, or empty when any will do. Compared after `values` and upper-casing.
  public let choices: [String]
  /// Other spellings (upper case) -> canonical value.
  public let values: [String: String]
  /// Allowed range of a number, both ends included.
  public let range: ClosedRange<Double>?
  /// Product kinds (`rate`, `cal`, `dark` …) that must carry the keyword.
  public let requiredFor: [String]
  /// One line for column descriptions.
  public let summary: String
  /// The schema file's group, e.g. `exposure`.
  public let group: String

  /// The keyword and its aliases, preferred first.
  public var names: [String] { [keyword] + aliases }

  /// The canonical spelling of a text value: trimmed, and replaced when `values` knows it.
  public func canonical(_ text: String) -> String {
    let trimmed = Substring(text).trimmedOfSpaces
    let upper = trimmed.uppercased()
    if let known = values[upper] { return known }
    return choices.contains(upper) ? upper : trimmed
  }
}

extension Substring {
  /// The text without leading and trailing blanks.
  var trimmedOfSpaces: String {
    var slice = self
    while slice.first == " " { slice.removeFirst() }
    while slice.last == " " { slice.removeLast() }
    return String(slice)
  }
}
