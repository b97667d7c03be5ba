/// What a reference file of one type must be made of. The table is data: a new type is a new entry.
///
/// Planes and flags are those of the data contract; a plane's names are the present one and that of older
/// files.
public struct ReferenceSchema: Sendable {
  /// An image extension that a reference has or may have.
  public struct Plane: Sendable {
    /// Whether samples are numbers or bits.
    public enum Content: Sendable { case real, flags }

    /// EXTNAMEs, best first.
    public let names: [String]
    public let isRequired: Bool
    public let content: Content
    /// Numbers of axes that it may have.
    public let axes: ClosedRange<Int>
    /// BUNITs it may have, lower case without blanks; nil for any. The empty text stands for none at all.
    public let units: Set<String>?
  }

  /// Lower case.
  public let type: String
  public let planes: [Plane]
  /// Names of the DQ flags that may stand in it; nil for all of the table.
  public let flags: Set<String>?
  /// Its values are ratios: what is not flagged must be above 0.
  public let isRatio: Bool
  /// Parkeys without which it can be in no row that a frame would match.
  public let requiredKeywords: [String]

  /// The schema of a type (any case); of a type without an entry, one that asks for the header only.
  public static func of(_ type: String) -> ReferenceSchema {
    all.first { $0.type == type.lowercased() }
      ?? ReferenceSchema(
        type: type.lowercased(), planes: [], flags: nil, isRatio: false, requiredKeywords: [])
  }

  /// Types that have an entry.
  public static var types: [String] { all.map(\.type) }

  private static let counts: Set = [
    "adu", "dn", "ct", "count", "counts", "electron", "electrons", "e-", "adu/s", "dn/s", "ct/s", "count/s",
    "counts/s", "electron/s", "electrons/s", "e-/s",
  ]
  private static let ratios: Set = ["", "1", "none", "dimensionless", "unitless", "normalized"]

  /// What stays with a detector; saturation, cosmic rays and the like belong to single exposures.
  private static let lasting: Set = [
    "DO_NOT_USE", "NON_SCIENCE", "DEAD", "HOT", "WARM", "LOW_QE", "RC", "TELEGRAPH", "NONLINEAR",
    "BAD_REF_PIXEL", "NO_FLAT_FIELD", "NO_GAIN_VALUE", "NO_LIN_CORR", "NO_SAT_CHECK", "UNRELIABLE_BIAS",
    "UNRELIABLE_DARK", "UNRELIABLE_SLOPE", "UNRELIABLE_FLAT", "UNRELIABLE_ERROR", "OPEN", "ADJ_OPEN",
    "OTHER_BAD_PIXEL", "REFERENCE_PIXEL",
  ]

  private static func image(_ units: Set<String>, axes: ClosedRange<Int>) -> [Plane] {
    [
      Plane(names: ["SCI", "DATA"], isRequired: true, content: .real, axes: axes, units: units),
      Plane(names: ["ERR"], isRequired: false, content: .real, axes: axes, units: units),
      Plane(names: ["DQ"], isRequired: false, content: .flags, axes: 2...4, units: nil),
    ]
  }

  private static let detector = ["DETECTOR"]
  private static let numbers: Set = ["", "adu", "dn", "ct", "count", "counts"]

  private static let all: [ReferenceSchema] = [
    ReferenceSchema(
      type: "dark", planes: image(counts, axes: 2...4), flags: nil, isRatio: false, requiredKeywords: detector
    ),
    ReferenceSchema(
      type: "flat", planes: image(ratios, axes: 2...2), flags: nil, isRatio: true, requiredKeywords: detector),
    ReferenceSchema(
      type: "mask",
      planes: [Plane(names: ["DQ"], isRequired: true, content: .flags, axes: 2...2, units: nil)],
      flags: lasting, isRatio: false, requiredKeywords: detector),
    ReferenceSchema(
      type: "nonlincoeff",
      planes: [
        Plane(names: ["COEFFS", "SCI", "DATA"], isRequired: true, content: .real, axes: 3...3, units: nil),
        Plane(names: ["DQ"], isRequired: false, content: .flags, axes: 2...2, units: nil),
      ], flags: lasting, isRatio: false, requiredKeywords: detector),
    ReferenceSchema(
      type: "bias", planes: image(numbers, axes: 2...2), flags: nil, isRatio: false,
      requiredKeywords: detector),
    ReferenceSchema(
      type: "gain", planes: image(["electron/adu", "e/adu", "e-/adu", "electron/dn"], axes: 2...2),
      flags: nil,
      isRatio: false, requiredKeywords: detector),
    ReferenceSchema(
      type: "distortion", planes: image(["pixel"], axes: 2...2), flags: nil, isRatio: false,
      requiredKeywords: detector),
    ReferenceSchema(
      type: "readnoise", planes: image(["electron", "e", "e-", "electrons"], axes: 2...2), flags: nil,
      isRatio: false, requiredKeywords: detector),
    ReferenceSchema(
      type: "saturation", planes: image(numbers, axes: 2...2), flags: lasting, isRatio: false,
      requiredKeywords: detector),
    ReferenceSchema(
      type: "sky", planes: image(counts, axes: 2...3), flags: nil, isRatio: false, requiredKeywords: detector),
  ]
}
