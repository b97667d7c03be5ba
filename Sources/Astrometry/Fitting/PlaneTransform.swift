import Glibc

/// A linear map of a plane: `x' = a x + b y + s`, `y' = c x + d y + t`.
public struct PlaneTransform: Sendable, Hashable {
  public var a: Double
  public var b: Double
  public var c: Double
  public var d: Double
  /// Shift along x and y.
  public var s: Double
  public var t: Double

  /// A map by its matrix, row by row, and its shift.
  public init(a: Double = 1, b: Double = 0, c: Double = 0, d: Double = 1, s: Double = 0, t: Double = 0) {
    (self.a, self.b, self.c, self.d, self.s, self.t) = (a, b, c, d, s, t)
  }

  /// Everything stays where it is.
  public static let identity = PlaneTransform()

  /// A turn from +x towards +y about a point.
  public static func turn(degrees: Double, about centre: PixelPosition = PixelPosition(x: 0, y: 0))
    -> PlaneTransform
  {
    let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
    return PlaneTransform(
      a: cosine, b: -sine, c: sine, d: cosine, s: centre.x - cosine * centre.x + sine * centre.y,
      t: centre.y - sine * centre.x - cosine * centre.y)
  }

  public func callAsFunction(_ p: PixelPosition) -> PixelPosition {
    PixelPosition(x: a * p.x + b * p.y + s, y: c * p.x + d * p.y + t)
  }

  /// First `self`, then `next`.
  public func then(_ next: PlaneTransform) -> PlaneTransform {
    PlaneTransform(
      a: next.a * a + next.b * c, b: next.a * b + next.b * d, c: next.c * a + next.d * c,
      d: next.c * b + next.d * d, s: next.a * s + next.b * t + next.s, t: next.c * s + next.d * t + next.t)
  }

  public var determinant: Double { a * d - b * c }

  /// The way back; nil for a map onto a line.
  public var inverse: PlaneTransform? {
    let e = determinant
    guard e != 0, e.isFinite else { return nil }
    return PlaneTransform(
      a: d / e, b: -b / e, c: -c / e, d: a / e, s: (b * t - d * s) / e, t: (c * s - a * t) / e)
  }

  /// Mean scale: the square root of the area of the unit square's image.
  public var scale: Double { abs(determinant).squareRoot() }

  /// The turn from +x towards +y that comes nearest to it, degrees; of a mirrored map that before the mirror
  /// in y.
  public var rotationDegrees: Double {
    let sign = determinant < 0 ? -1.0 : 1.0
    return atan2(c - sign * b, a + sign * d) * 180 / .pi
  }
}
