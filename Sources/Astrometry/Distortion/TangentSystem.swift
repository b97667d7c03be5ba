import FITSStructure

/// A gnomonic coordinate system taken apart into its parts, so that they can be changed: reference pixel and
/// sky, matrix, distortion.
///
/// Not every system is one: other projections, a swapped order of axes and poles elsewhere than at 180
/// degrees are refused.
public struct TangentSystem: Sendable {
  /// How a distortion is written.
  public enum Form: String, Sendable, CaseIterable {
    case sip, tpv, none
  }

  /// FITS pixel (the centre of the first pixel is 1) of `centre`.
  public var reference: PixelPosition
  /// Sky there, degrees.
  public var centre: SkyPosition
  /// Degrees per pixel along +longitude and +latitude (`CDi_j`); without shift.
  public var matrix: PlaneTransform
  /// About the reference pixel, nil for none.
  public var distortion: SIPDistortion?
  private let frame: [Card]

  /// The parts of a system.
  /// - Throws: `wcs-not-tangent`; as reading `PVi_m` does.
  public init(_ wcs: SkyWCS) throws(AstrometryError) {
    let values = Dictionary(wcs.cards.map { ($0.keyword, $0) }, uniquingKeysWith: { a, _ in a })
    func number(_ keyword: String) -> Double? { values[keyword]?.double }
    let type = values["CTYPE1"]?.string ?? ""
    guard ["RA---TAN", "RA---TAN-SIP", "RA---TPV"].contains(type) else {
      throw Self.refusal("CTYPE1 is \(type)", "CTYPE1")
    }
    if let pole = number("LONPOLE"), pole != 180 { throw Self.refusal("LONPOLE is \(pole)", "LONPOLE") }
    let unit = ["CUNIT1", "CUNIT2"].first { !["deg", nil].contains(values[$0]?.string) }
    if let unit { throw Self.refusal("\(unit) is not deg", unit) }
    reference = PixelPosition(x: number("CRPIX1") ?? 0, y: number("CRPIX2") ?? 0)
    centre = SkyPosition(ra: number("CRVAL1") ?? 0, dec: number("CRVAL2") ?? 0)
    matrix = Self.matrix(number)
    frame = wcs.cards.filter { ["WCSNAME", "RADESYS", "EQUINOX"].contains($0.keyword) }
    switch type {
    case "RA---TPV": distortion = try TPV.distortion(wcs.cards, matrix, reference: reference)
    case "RA---TAN-SIP": distortion = try SIPDistortion(cards: wcs.cards, reference: reference)
    default: distortion = nil
    }
  }

  private static func refusal(_ message: String, _ subject: String) -> AstrometryError {
    AstrometryError(
      "wcs-not-tangent", "only gnomonic systems of the usual form can be changed: \(message)",
      subject: subject)
  }

  private static func matrix(_ number: (String) -> Double?) -> PlaneTransform {
    if ["CD1_1", "CD1_2", "CD2_1", "CD2_2"].contains(where: { number($0) != nil }) {
      return PlaneTransform(
        a: number("CD1_1") ?? 0, b: number("CD1_2") ?? 0, c: number("CD2_1") ?? 0, d: number("CD2_2") ?? 0)
    }
    let (x, y) = (number("CDELT1") ?? 1, number("CDELT2") ?? 1)
    return PlaneTransform(
      a: x * (number("PC1_1") ?? 1), b: x * (number("PC1_2") ?? 0), c: y * (number("PC2_1") ?? 0),
      d: y * (number("PC2_2") ?? 1))
  }

  /// The whole, with its distortion in one of its forms; `none` leaves it out.
  /// - Throws: `distortion-order` for TPV beyond order 7.
  public func wcs(_ form: Form = .sip) throws(AstrometryError) -> SkyWCS {
    var extra: [Card] = []
    var suffix = "TAN"
    if let distortion, form != .none {
      switch form {
      case .sip: (suffix, extra) = ("TAN-SIP", distortion.cards)
      case .tpv: (suffix, extra) = ("TPV", try TPV.cards(matrix, distortion))
      case .none: break
      }
    }
    return try SkyWCS(cards: linear(suffix) + frame + extra)
  }

  private func linear(_ suffix: String) -> [Card] {
    [
      Card("CTYPE1", "RA---\(suffix)", comment: "right ascension, gnomonic"),
      Card("CTYPE2", "DEC--\(suffix)", comment: "declination, gnomonic"),
      Card("CRPIX1", reference.x, comment: "reference pixel in x"),
      Card("CRPIX2", reference.y, comment: "reference pixel in y"),
      Card("CRVAL1", centre.longitude, comment: "[deg] right ascension there"),
      Card("CRVAL2", centre.latitude, comment: "[deg] declination there"),
      Card("CD1_1", matrix.a, comment: "[deg/pixel]"), Card("CD1_2", matrix.b, comment: "[deg/pixel]"),
      Card("CD2_1", matrix.c, comment: "[deg/pixel]"), Card("CD2_2", matrix.d, comment: "[deg/pixel]"),
    ]
  }

  /// The system with what it says of the sky moved by a map of a tangent plane (arcsec East and North).
  ///
  /// The reference pixel is moved exactly; the matrix is the map's linear part there, carried from plane to
  /// plane by least squares over a field of the matrix's own pixels, `radius` of them about the reference.
  public func moved(
    by map: PlaneTransform, in plane: TangentPlane, radius: Double
  ) throws(AstrometryError) -> TangentSystem {
    func image(_ sky: SkyPosition) -> SkyPosition {
      let offset = plane.offset(of: sky)
      let moved = map(PixelPosition(x: offset.east, y: offset.north))
      return plane.sky(east: moved.x, north: moved.y)
    }
    var result = self
    result.centre = image(centre)
    result.matrix = try Self.matrix(centre: result.centre, radius: radius) { u, v in
      let place = matrix(PixelPosition(x: u, y: v))
      return image(TangentPlane(at: centre).sky(east: 3600 * place.x, north: 3600 * place.y))
    }
    return result
  }

  /// The matrix that comes nearest to a map of undistorted pixels, counted from the one at `centre`, on the
  /// sky.
  static func matrix(
    centre: SkyPosition, radius: Double, _ sky: (Double, Double) -> SkyPosition
  ) throws(AstrometryError) -> PlaneTransform {
    let plane = TangentPlane(at: centre)
    var (east, north) = (LeastSquares(unknowns: 2), LeastSquares(unknowns: 2))
    for i in -2...2 {
      for j in -2...2 where (i, j) != (0, 0) {
        let (u, v) = (Double(i) * radius / 2, Double(j) * radius / 2)
        let offset = plane.offset(of: sky(u, v))
        east.add([u, v], equals: offset.east / 3600)
        north.add([u, v], equals: offset.north / 3600)
      }
    }
    let (x, y) = (try east.solved().values, try north.solved().values)
    return PlaneTransform(a: x[0], b: x[1], c: y[0], d: y[1])
  }

  /// The system without distortion seen through a distortion of the detector: its reference pixel becomes
  /// that of the distortion, where both agree in place, and the distortion's linear part goes into the
  /// matrix.
  ///
  /// Any distortion it had is replaced.
  public func distorted(by given: SIPDistortion, radius: Double) throws(AstrometryError) -> TangentSystem {
    let (linear, rest) = try given.absorbed()
    let plane = TangentPlane(at: centre)
    /// The sky of an undistorted pixel.
    func sky(_ x: Double, _ y: Double) -> SkyPosition {
      let place = matrix(PixelPosition(x: x - reference.x, y: y - reference.y))
      return plane.sky(east: 3600 * place.x, north: 3600 * place.y)
    }
    let origin = given.reference
    var result = self
    result.reference = origin
    result.centre = sky(origin.x + linear.s, origin.y + linear.t)
    result.matrix = try Self.matrix(centre: result.centre, radius: radius) { u, v in
      let place = linear(PixelPosition(x: u, y: v))
      return sky(origin.x + place.x, origin.y + place.y)
    }
    result.distortion = rest
    return result
  }
}
