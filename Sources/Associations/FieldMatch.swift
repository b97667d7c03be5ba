/// Compares two exposures field by field and says the first difference and by how much.
public struct FieldMatch: Sendable, Equatable {
  /// Fields that must be equal as text (absent equals absent).
  public var equal: [String]
  /// Numeric fields that may differ by at most this much.
  public var within: [String: Double]

  public init(equal: [String], within: [String: Double] = [:]) {
    self.equal = equal
    self.within = within
  }

  /// The part of the identity that can be looked up exactly: the values of the `equal` fields.
  public func bucket(of exposure: Exposure) -> String {
    equal.map { "\($0)=\(exposure[$0] ?? "-")" }.joined(separator: "|")
  }

  /// nil when they match; else the first field that differs, with both values (and the distance for numbers).
  public func firstDifference(_ a: Exposure, _ b: Exposure) -> Difference? {
    for field in equal where a[field] != b[field] {
      return Difference(criterion: field, detail: "\(b[field] ?? "absent") is not \(a[field] ?? "absent")")
    }
    for (field, tolerance) in within.sorted(by: { $0.key < $1.key }) {
      guard let x = a.number(field), let y = b.number(field) else {
        if a[field] == b[field] { continue }
        return Difference(criterion: field, detail: "\(b[field] ?? "absent") is not \(a[field] ?? "absent")")
      }
      // A hundredth of the tolerance absorbs the rounding of decimal header values.
      if abs(x - y) > tolerance * 1.01 {
        return Difference(
          criterion: field, detail: "\(y) differs from \(x) by \(abs(x - y)), more than \(tolerance)")
      }
    }
    return nil
  }

  /// Why two exposures do not match.
  public struct Difference: Sendable, Equatable {
    public var criterion: String
    public var detail: String
  }
}
