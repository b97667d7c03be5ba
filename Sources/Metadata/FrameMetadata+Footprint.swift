import Foundation

/// The circle on the sky that holds an image.
public struct SkyFootprint: Sendable, Equatable {
  /// Centre of the image, degrees (ICRS).
  public var ra: Double
  public var dec: Double
  /// From the centre to the farthest corner, degrees; 0 where the header does not say how large a pixel is.
  public var radius: Double
}

// Where the image lies on the sky, well enough to say which images are of one field.
extension FrameMetadata {
  /// From the linear part of a celestial WCS (its distortion moves a corner by much less than a frame's side), taken as
  /// a tangent plane; else from `RA`, `DEC`, the telescope's offset, `SCALE` and the size of the image. Nil when the
  /// header says neither.
  public var footprint: SkyFootprint? { footprintOfWCS ?? footprintOfPointing }

  private func number(_ keyword: String) -> Double? {
    switch value(of: keyword) {
    case .integer(let number)?: Double(number)
    case .real(let number)? where number.isFinite: number
    default: nil
    }
  }

  /// Sides in pixels; of a compressed image those of the image in it.
  private var sides: (x: Double, y: Double)? {
    guard let x = number("ZNAXIS1") ?? number("NAXIS1"), let y = number("ZNAXIS2") ?? number("NAXIS2"),
      x > 0, y > 0
    else { return nil }
    return (x, y)
  }

  private func isAxis(_ keyword: String, _ kind: String) -> Bool {
    if case .string(let text)? = value(of: keyword) { text.hasPrefix(kind) } else { false }
  }

  /// Degrees of the intermediate plane for each pixel: (`CDi_j`, else `PCi_j` times `CDELTi`).
  private var linear: (Double, Double, Double, Double)? {
    if let a = number("CD1_1"), let d = number("CD2_2") {
      return (a, number("CD1_2") ?? 0, number("CD2_1") ?? 0, d)
    }
    guard let x = number("CDELT1"), let y = number("CDELT2") else { return nil }
    return (
      x * (number("PC1_1") ?? 1), x * (number("PC1_2") ?? 0), y * (number("PC2_1") ?? 0),
      y * (number("PC2_2") ?? 1)
    )
  }

  private var footprintOfWCS: SkyFootprint? {
    guard isAxis("CTYPE1", "RA--"), isAxis("CTYPE2", "DEC-"), let ra = number("CRVAL1"),
      let dec = number("CRVAL2"), let x = number("CRPIX1"), let y = number("CRPIX2"), let m = linear,
      let sides
    else { return nil }
    func plane(_ dx: Double, _ dy: Double) -> (xi: Double, eta: Double) {
      (m.0 * dx + m.1 * dy, m.2 * dx + m.3 * dy)
    }
    let corners = [plane(sides.x / 2, sides.y / 2), plane(sides.x / 2, -sides.y / 2)]
    let radius = corners.map { hypot($0.xi, $0.eta) }.max() ?? 0
    let centre = plane((sides.x + 1) / 2 - x, (sides.y + 1) / 2 - y)
    return Self.sky(ra, dec, centre, radius: radius)
  }

  private var footprintOfPointing: SkyFootprint? {
    guard let ra, let dec else { return nil }
    let offset = (xi: (xOffset ?? 0) / 3600, eta: (yOffset ?? 0) / 3600)
    let pixel = scale.flatMap { Double($0) } ?? 0
    let radius = sides.map { hypot($0.x, $0.y) / 2 * pixel / 3600 } ?? 0
    return Self.sky(ra, dec, offset, radius: radius)
  }

  /// A point of the plane that touches the sky at (`ra`, `dec`), degrees: Calabretta & Greisen 2002, section 5.1.3.
  private static func sky(
    _ ra: Double, _ dec: Double, _ point: (xi: Double, eta: Double), radius: Double
  ) -> SkyFootprint? {
    let degree = Double.pi / 180
    let (xi, eta, delta) = (point.xi * degree, point.eta * degree, dec * degree)
    let depth = cos(delta) - eta * sin(delta)
    let alpha = ra + atan2(xi, depth) / degree
    let height = atan2(sin(delta) + eta * cos(delta), hypot(xi, depth)) / degree
    guard alpha.isFinite, height.isFinite, radius.isFinite else { return nil }
    let turn = alpha.truncatingRemainder(dividingBy: 360)
    return SkyFootprint(ra: turn < 0 ? turn + 360 : turn, dec: height, radius: radius)
  }
}
