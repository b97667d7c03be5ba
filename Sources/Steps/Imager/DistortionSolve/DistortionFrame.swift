import Astrometry
import PipelineEngine
import Pixels

/// A solved distortion as the frame that becomes the reference: a coarse map of the shifts to look at, and
/// the polynomials as SIP cards beside it.
struct DistortionFrame {
  let frame: Frame

  /// Nodes along each side of the map, from outer edge to outer edge of the detector.
  private static let nodes = 65

  init(_ solution: DistortionSolution, like first: Frame) {
    let distortion = solution.distortion
    var (dx, dy): ([Float], [Float]) = ([], [])
    for j in 0..<Self.nodes {
      for i in 0..<Self.nodes {
        let pixel = PixelPosition(
          x: 0.5 + Double(first.width) * Double(i) / Double(Self.nodes - 1),
          y: 0.5 + Double(first.height) * Double(j) / Double(Self.nodes - 1))
        let place = distortion.undistorted(pixel)
        dx.append(Float(place.x - pixel.x))
        dy.append(Float(place.y - pixel.y))
      }
    }
    let side = Self.nodes
    // Below one another: shifts of x, then of y.
    let map = Plane(width: side, height: 2 * side, elements: dx + dy)
    let pixels = Measured(
      value: map, error: Plane(width: side, height: 2 * side, repeating: Float(solution.rms)),
      quality: Plane(width: side, height: 2 * side, repeating: DQ.none))
    var science = first.scienceHeader
    science.cards.removeAll {
      WCSCards.isImageKeyword($0.keyword) || SkyWCS.derivedKeywords.contains($0.keyword)
    }
    science.cards += solution.cards(x0: first.window.x0, y0: first.window.y0)
    frame = Frame(
      member: first.member, header: first.header, scienceHeader: science, metadata: first.metadata,
      unit: "pixel",
      window: PixelWindow(x0: 0, y0: 0, width: side, height: 2 * side), darkShare: first.darkShare,
      pixels: pixels)
  }
}
