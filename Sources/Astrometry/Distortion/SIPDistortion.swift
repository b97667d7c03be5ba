import FITSStructure

/// A distortion in the form of SIP (Shupe et al. 2005): where light that fell on pixel `(x, y)` would have
/// fallen without it.
///
/// With `u = x - reference.x`, `v = y - reference.y` in FITS pixels (the centre of the first pixel is 1) the
/// undistorted pixel is `(x + A(u, v), y + B(u, v))`. Terms of order 0 and 1 are allowed here; ``absorbed()``
/// takes them out.
public struct SIPDistortion: Sendable, Equatable {
  /// `CRPIX`: where the coordinates of the polynomials are 0.
  public var reference: PixelPosition
  /// Shift of x and y, of one order.
  public var a: Polynomial2D
  public var b: Polynomial2D
  /// The way back, approximately: an undistorted pixel at `(u, v)` came from `(u + AP(u, v), v + BP(u, v))`.
  public var inverse: Inverse?

  /// Polynomials of the way back, and how far off they are at most over the image they were fitted for,
  /// pixels.
  public struct Inverse: Sendable, Equatable {
    public var ap: Polynomial2D
    public var bp: Polynomial2D
    public var largestError: Double
  }

  /// Highest order that SIP's keywords have room for.
  public static let maximumOrder = 9

  /// - Precondition: both polynomials have one order.
  public init(reference: PixelPosition, a: Polynomial2D, b: Polynomial2D, inverse: Inverse? = nil) {
    precondition(a.order == b.order, "polynomials of different orders")
    (self.reference, self.a, self.b, self.inverse) = (reference, a, b, inverse)
  }

  public var order: Int { a.order }

  /// Where light on a pixel would have fallen without the distortion.
  public func undistorted(_ pixel: PixelPosition) -> PixelPosition {
    let (u, v) = (pixel.x - reference.x, pixel.y - reference.y)
    return PixelPosition(x: pixel.x + a(u, v), y: pixel.y + b(u, v))
  }

  /// The pixel whose undistorted place this is: Newton's iteration on `A` and `B` to 1e-9 pixel; NaN where it
  /// does not converge.
  public func distorted(_ place: PixelPosition) -> PixelPosition {
    let derivatives = (
      a.derivative(alongU: true), a.derivative(alongU: false), b.derivative(alongU: true),
      b.derivative(alongU: false)
    )
    return distorted(place, derivatives)
  }

  /// As ``distorted(_:)-(PixelPosition)`` of many.
  public func distorted(_ places: [PixelPosition]) -> [PixelPosition] {
    let derivatives = (
      a.derivative(alongU: true), a.derivative(alongU: false), b.derivative(alongU: true),
      b.derivative(alongU: false)
    )
    return places.map { distorted($0, derivatives) }
  }

  private func distorted(
    _ place: PixelPosition, _ slopes: (Polynomial2D, Polynomial2D, Polynomial2D, Polynomial2D)
  ) -> PixelPosition {
    var pixel = place
    for _ in 0..<50 {
      let (u, v) = (pixel.x - reference.x, pixel.y - reference.y)
      let (ex, ey) = (pixel.x + a(u, v) - place.x, pixel.y + b(u, v) - place.y)
      if abs(ex) < 1e-9, abs(ey) < 1e-9 { return pixel }
      let (xx, xy, yx, yy) = (1 + slopes.0(u, v), slopes.1(u, v), slopes.2(u, v), 1 + slopes.3(u, v))
      let determinant = xx * yy - xy * yx
      guard determinant != 0, determinant.isFinite else { break }
      pixel.x -= (yy * ex - xy * ey) / determinant
      pixel.y -= (xx * ey - yx * ex) / determinant
    }
    return PixelPosition(x: .nan, y: .nan)
  }

  /// The same distortion about another pixel, exactly: its terms of order 0 and 1 are then not 0. The way
  /// back is left out.
  public func about(_ pixel: PixelPosition) -> SIPDistortion {
    let (s, t) = (pixel.x - reference.x, pixel.y - reference.y)
    return SIPDistortion(
      reference: pixel, a: a.substituting(u: (1, 0, s), v: (0, 1, t)),
      b: b.substituting(u: (1, 0, s), v: (0, 1, t)))
  }

  /// The same distortion as a linear map of pixels about the reference pixel, and a rest with terms of order
  /// 2 and higher only: `u + f(u) = L (u + f'(u)) + shift`. What software expects of SIP.
  /// - Throws: `distortion-singular` when the linear part cannot be inverted.
  public func absorbed() throws(AstrometryError) -> (linear: PlaneTransform, rest: SIPDistortion) {
    let linear = PlaneTransform(
      a: 1 + a[1, 0], b: a[0, 1], c: b[1, 0], d: 1 + b[0, 1], s: a[0, 0], t: b[0, 0])
    guard let back = linear.inverse else {
      throw AstrometryError(
        "distortion-singular", "the linear part of the distortion cannot be inverted", subject: "A_1_0")
    }
    var (p, q) = (a, b)
    for (i, j) in Polynomial2D.terms(order: min(order, 1)) { (p[i, j], q[i, j]) = (0, 0) }
    let rest = SIPDistortion(
      reference: reference, a: .combination(back.a, p, back.b, q), b: .combination(back.c, p, back.d, q))
    return (linear, rest)
  }

  /// With polynomials of the way back, fitted over an image: of the lowest order that is off by `tolerance`
  /// pixels at most, else of order 9.
  public func withInverse(
    width: Int, height: Int, tolerance: Double = 1e-4
  ) throws(AstrometryError) -> SIPDistortion {
    var best = self
    for order in min(max(order, 2), Self.maximumOrder)...Self.maximumOrder {
      let fitted = try fittedInverse(width: width, height: height, order: order)
      if best.inverse.map({ fitted.largestError < $0.largestError }) ?? true { best.inverse = fitted }
      if fitted.largestError <= tolerance { break }
    }
    return best
  }

  private func fittedInverse(width: Int, height: Int, order: Int) throws(AstrometryError) -> Inverse {
    let pixels = Self.nodes(width: width, height: height, along: 4 * order)
    let places = pixels.map(undistorted)
    let domain = LegendreSurface.Domain(around: places)
    let x = try LegendreSurface.fitted(
      to: zip(pixels, places).map { $0.x - $1.x }, at: places, order: order, domain: domain)
    let y = try LegendreSurface.fitted(
      to: zip(pixels, places).map { $0.y - $1.y }, at: places, order: order, domain: domain)
    var found = Inverse(
      ap: x.polynomial(about: reference), bp: y.polynomial(about: reference), largestError: 0)
    // Judged between the nodes too.
    for pixel in Self.nodes(width: width, height: height, along: 4 * order + 3) {
      let place = undistorted(pixel)
      let (u, v) = (place.x - reference.x, place.y - reference.y)
      let (ex, ey) = (place.x + found.ap(u, v) - pixel.x, place.y + found.bp(u, v) - pixel.y)
      found.largestError = max(found.largestError, (ex * ex + ey * ey).squareRoot())
    }
    return found
  }

  /// A grid over an image from outer edge to outer edge, in FITS pixels.
  static func nodes(width: Int, height: Int, along count: Int) -> [PixelPosition] {
    (0...count).flatMap { j in
      (0...count).map { i in
        PixelPosition(
          x: 0.5 + Double(width) * Double(i) / Double(count),
          y: 0.5 + Double(height) * Double(j) / Double(count))
      }
    }
  }
}
