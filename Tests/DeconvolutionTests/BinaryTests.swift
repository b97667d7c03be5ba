import Deconvolution
import Foundation
import Pixels
import Testing

@Suite struct BinaryTests {
  private static let lambdaOverD = 5.0

  private static func airy(_ dx: Double, _ dy: Double) -> Double {
    TestScene.airy(dx, dy, lambdaOverD: lambdaOverD)
  }

  /// Two stars 1.2 lambda/D apart come apart, each with its flux.
  @Test(arguments: [1.0, 0.5]) func aCloseBinaryIsSeparated(ratio: Double) throws {
    let separation = 1.2 * Self.lambdaOverD
    let stars = [
      TestScene.Star(x: 64 - separation / 2, y: 64, flux: 1e6),
      TestScene.Star(x: 64 + separation / 2, y: 64, flux: 1e6 * ratio),
    ]
    let clean = TestScene(width: 128, height: 128, stars: stars).image(Self.airy)
    let variance = TestScene.variance(clean, sky: 100)
    let image = TestScene.noisy(clean, variance: variance, seed: 4)
    let psf = try PointSpread(TestScene.kernel(81, Self.airy))
    let solved = try deconvolve(
      image, variance: variance, excluding: PixelMask(width: 128, height: 128), psf: psf)
    func peak(_ plane: Plane<Float>, _ columns: ClosedRange<Int>) -> Float {
      columns.reduce(0) { max($0, plane[$1, 64]) }
    }
    let dip = (62...66).reduce(Float.infinity) { min($0, solved.image[$1, 64]) }
    let peaks = (peak(solved.image, 59...63), peak(solved.image, 65...69))
    let fluxes = stars.map {
      light(in: solved.image, x: $0.x, y: $0.y, radius: separation / 2).flux / $0.flux
    }
    print(
      "deconvolution, binary of 1.2 lambda/D, 1:\(ratio): dip \(dip / min(peaks.0, peaks.1)) of the fainter peak, "
        + "fluxes \(fluxes), \(solved.iterations) iterations, chi2 \(solved.chiSquared)")
    #expect(dip < 0.5 * min(peaks.0, peaks.1))
    for flux in fluxes { #expect(abs(flux - 1) < 0.1) }
  }
}
