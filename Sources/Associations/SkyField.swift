import Glibc

/// The circle on the sky that holds what a frame shows.
public struct SkyField: Sendable, Equatable {
  /// Centre, degrees (ICRS).
  public var ra: Double
  public var dec: Double
  /// Degrees; 0 where the header does not say how large the field is.
  public var radius: Double

  public init(ra: Double, dec: Double, radius: Double) {
    self.ra = ra
    self.dec = dec
    self.radius = radius
  }

  /// The field of an exposure from its `sky_ra`, `sky_dec` and `sky_radius`; nil when its place is not known.
  public init?(_ exposure: Exposure) {
    guard let ra = exposure.number("sky_ra"), let dec = exposure.number("sky_dec"), ra.isFinite,
      dec.isFinite
    else { return nil }
    let radius = exposure.number("sky_radius") ?? 0
    self.init(ra: ra, dec: dec, radius: radius.isFinite ? max(0, radius) : 0)
  }

  /// Angle between the centres, degrees: the haversine formula, which keeps its precision for small angles.
  public func distance(to other: SkyField) -> Double {
    let degree = Double.pi / 180
    let north = sin((other.dec - dec) * degree / 2)
    let east = sin((other.ra - ra) * degree / 2)
    let h = north * north + cos(dec * degree) * cos(other.dec * degree) * east * east
    return 2 * asin(min(1, h.squareRoot())) / degree
  }

  /// Whether the circles touch. Circles hold the corners of their frames, so frames side by side touch across a gap of
  /// up to 0.4 of their side: the detectors of one focal plane belong to one field.
  public func touches(_ other: SkyField) -> Bool { distance(to: other) <= radius + other.radius }

  /// Why the fields do not touch, nil when they do.
  func gap(to other: SkyField) -> FieldMatch.Difference? {
    if touches(other) { return nil }
    let (apart, reach) = (distance(to: other) * 3600, (radius + other.radius) * 3600)
    return .init(
      criterion: "fields",
      detail: "\(tenths(apart)) arcsec apart, \(tenths(apart - reach)) more than fields that touch")
  }

  private func tenths(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
}
