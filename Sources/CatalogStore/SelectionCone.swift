import Foundation
import GRDB

/// A circle on the sky.
public struct SelectionCone: Sendable, Equatable {
  /// Degrees, ICRS.
  public var ra: Double
  public var dec: Double
  public var radiusArcseconds: Double

  public init(ra: Double, dec: Double, radiusArcseconds: Double) {
    self.ra = ra
    self.dec = dec
    self.radiusArcseconds = radiusArcseconds
  }

  /// Reads `RA,DEC`: degrees, or `hh:mm:ss.s,±dd:mm:ss.s`.
  ///
  /// - Throws: ``CatalogError`` `bad-position`.
  public init(text: String, radiusArcseconds: Double) throws(CatalogError) {
    let parts = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    guard parts.count == 2, let ra = Self.angle(parts[0], perUnit: 15),
      let dec = Self.angle(parts[1], perUnit: 1),
      (0...360).contains(ra), (-90...90).contains(dec), radiusArcseconds > 0, radiusArcseconds <= 648_000
    else {
      throw CatalogError(
        code: "bad-position", message: "not a position on the sky with a radius of at most 648000 arcsec",
        subject: text, hint: "--near 265.17,-29.01 --radius 10, or --near 17:40:40.8,-29:00:36")
    }
    self.init(ra: ra, dec: dec, radiusArcseconds: radiusArcseconds)
  }

  /// Decimal degrees, or sexagesimal in units of `perUnit` degrees.
  private static func angle(_ text: String, perUnit: Double) -> Double? {
    guard text.contains(":") else { return Double(text).flatMap { $0.isFinite ? $0 : nil } }
    let negative = text.hasPrefix("-")
    let fields = text.drop { $0 == "-" || $0 == "+" }.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = fields.compactMap { Double($0) }
    guard numbers.count == fields.count, (2...3).contains(numbers.count), numbers.allSatisfy({ $0 >= 0 }),
      numbers.dropFirst().allSatisfy({ $0 < 60 })
    else { return nil }
    let value = zip(numbers, [1, 1.0 / 60, 1.0 / 3600]).reduce(0) { $0 + $1.0 * $1.1 } * perUnit
    return negative ? -value : value
  }

  /// Angular distance of two positions, degrees (haversine: exact for small and for large angles).
  static func separation(_ ra1: Double, _ dec1: Double, _ ra2: Double, _ dec2: Double) -> Double {
    let radian = Double.pi / 180
    let a = sin((dec2 - dec1) * radian / 2)
    let b = sin((ra2 - ra1) * radian / 2)
    let h = a * a + cos(dec1 * radian) * cos(dec2 * radian) * b * b
    return 2 * asin(min(1, h.squareRoot())) / radian
  }

  /// SQL function `separation(ra, dec, ra0, dec0)`, NULL for a missing position.
  static let function = DatabaseFunction("separation", argumentCount: 4, pure: true) { values in
    let numbers = values.compactMap { Double.fromDatabaseValue($0) }
    guard numbers.count == 4 else { return nil }
    return separation(numbers[0], numbers[1], numbers[2], numbers[3])
  }

  /// A declination band first (cheap), then the exact distance.
  var condition: SelectionCondition {
    let degrees = radiusArcseconds / 3600
    return SelectionCondition(
      sql: "f.dec BETWEEN ? AND ? AND separation(f.ra, f.dec, ?, ?) <= ?",
      arguments: [dec - degrees, dec + degrees, ra, dec, degrees])
  }
}
