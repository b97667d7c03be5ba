/// What the numbers in an image count, read from the spellings of `BUNIT` in use.
public enum PixelUnit: Sendable, Hashable {
  /// DN, written `adu`.
  case counts
  /// DN per second, written `adu/s`.
  case countRate
  /// Electrons, written `electron`.
  case electrons
  /// Electrons per second, written `electron/s`.
  case electronRate
  /// No unit: a ratio such as a flat field, or flags.
  case dimensionless
  /// Any other unit, as written.
  case other(String)

  /// Reads the value of `BUNIT`; nil (no such keyword) means `adu`.
  public init(bunit: String?) {
    guard let bunit else {
      self = .counts
      return
    }
    let text = bunit.filter { $0 != " " }.lowercased()
    let perSecond = ["/s", "/sec", "/second", "s-1", "s^-1", "s**-1", ".s-1"].first { text.hasSuffix($0) }
    let base = perSecond.map { text.dropLast($0.count) } ?? text[...]
    switch base {
    case "" where perSecond == nil: self = .dimensionless
    case "adu", "dn", "ct", "cts", "count", "counts": self = perSecond == nil ? .counts : .countRate
    case "electron", "electrons", "e-", "e": self = perSecond == nil ? .electrons : .electronRate
    default: self = .other(bunit)
    }
  }

  /// The form that FITS and VO units know: what we write into `BUNIT`.
  public var fits: String {
    switch self {
    case .counts: "adu"
    case .countRate: "adu/s"
    case .electrons: "electron"
    case .electronRate: "electron/s"
    case .dimensionless: ""
    case .other(let text): text
    }
  }

  /// The unit of a variance of this.
  var squared: String {
    switch self {
    case .counts: "adu2"
    case .countRate: "adu2/s2"
    case .electrons: "electron2"
    case .electronRate: "electron2/s2"
    case .dimensionless: ""
    case .other(let text): "(\(text))**2"
    }
  }
}
