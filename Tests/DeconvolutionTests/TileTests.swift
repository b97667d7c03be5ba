import Deconvolution
import Foundation
import Pixels
import Testing

@Suite struct TileTests {
  private static func gauss(_ dx: Double, _ dy: Double, sigma: Double) -> Double {
    exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)) / (2 * .pi * sigma * sigma)
  }

  private static let scene: TestScene = {
    var deviates = TestScene.Deviates(seed: 12)
    let stars = (0..<25).map { k in
      TestScene.Star(
        x: 24 + 63 * Double(k % 5) + 8 * deviates.uniform(),
        y: 20 + 52 * Double(k / 5) + 8 * deviates.uniform(),
        flux: 2e5 * (1 + deviates.uniform()))
    }
    return TestScene(width: 301, height: 260, stars: stars)
  }()
  private let nothing = PixelMask(width: 301, height: 260)

  /// Tiles, with one PSF or with several that are equal, give what one transform of the whole gives.
  @Test func tilesAgreeWithTheWholeWhereThePSFIsTheSame() throws {
    let clean = Self.scene.image { Self.gauss($0, $1, sigma: 1.6) }
    let variance = TestScene.variance(clean, sky: 50)
    let image = TestScene.noisy(clean, variance: variance, seed: 3)
    let kernel = TestScene.kernel(21) { Self.gauss($0, $1, sigma: 1.6) }
    var options = DeconvolutionOptions(maximumIterations: 12, tolerance: 0, chiSquaredGoal: 0, tile: 2048)
    func run(_ psf: PointSpread) throws -> Plane<Float> {
      try deconvolve(image, variance: variance, excluding: nothing, psf: psf, options: options).image
    }
    let whole = try run(PointSpread(kernel))
    options.tile = 48
    let tiled = try run(PointSpread(kernel))
    let several = try run(
      PointSpread(
        [kernel, kernel, kernel], at: [.init(x: 0, y: 0), .init(x: 300, y: 20), .init(x: 90, y: 250)]))
    let peak = whole.elements.max() ?? 0
    for other in [tiled, several] {
      let difference = zip(whole.elements, other.elements).map { abs($0 - $1) }.max() ?? 1
      print("deconvolution, tiles against the whole: \(difference / peak) of the peak at most")
      #expect(difference < 1e-4 * peak)
      #expect(other != whole)
    }
  }

  /// A PSF that widens across the image: with its measured PSFs all stars come out right, with the middle's
  /// alone they do not.
  @Test func aVaryingPSFIsFollowed() throws {
    func sigma(_ x: Double) -> Double { 1.3 + 0.9 * x / 300 }
    var clean = Plane<Float>(width: 301, height: 260, repeating: 0)
    for star in Self.scene.stars {
      let one = TestScene(width: 301, height: 260, stars: [star]).image {
        Self.gauss($0, $1, sigma: sigma(star.x))
      }
      clean = Plane(width: 301, height: 260, elements: zip(clean.elements, one.elements).map { $0 + $1 })
    }
    let variance = TestScene.variance(clean, sky: 50)
    let image = TestScene.noisy(clean, variance: variance, seed: 8)
    let columns = stride(from: 0.0, through: 300, by: 50).map { $0 }
    let kernels = columns.map { x in TestScene.kernel(21) { Self.gauss($0, $1, sigma: sigma(x)) } }
    let options = DeconvolutionOptions(maximumIterations: 50, tolerance: 0, chiSquaredGoal: 0, tile: 48)
    let following = try deconvolve(
      image, variance: variance, excluding: nothing,
      psf: PointSpread(
        columns.flatMap { _ in kernels }.prefix(kernels.count * 3).map { $0 },
        at: [0.0, 130, 259].flatMap { y in columns.map { .init(x: $0, y: y) } }), options: options)
    let fixed = try deconvolve(
      image, variance: variance, excluding: nothing, psf: PointSpread(kernels[3]), options: options)
    func worst(_ solved: Deconvolved) -> Double {
      Self.scene.stars.map { abs(light(in: solved.image, x: $0.x, y: $0.y, radius: 4).flux / $0.flux - 1) }
        .max() ?? 1
    }
    print(
      "deconvolution, varying PSF: flux within \(worst(following)), chi2 \(following.chiSquared); "
        + "with one PSF \(worst(fixed)), chi2 \(fixed.chiSquared)")
    #expect(worst(following) < 0.02)
    #expect(following.chiSquared < fixed.chiSquared / 2)
  }
}
