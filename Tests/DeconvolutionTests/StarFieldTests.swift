import Deconvolution
import Foundation
import Pixels
import Testing

@Suite struct StarFieldTests {
  /// 36 stars on places between pixels, S/N of 300 to 1500.
  private static let scene: TestScene = {
    var deviates = TestScene.Deviates(seed: 5)
    let stars = (0..<36).map { k in
      TestScene.Star(
        x: 30 + 39 * Double(k % 6) + deviates.uniform(), y: 30 + 39 * Double(k / 6) + deviates.uniform(),
        flux: 1e5 * pow(20, deviates.uniform()))
    }
    return TestScene(width: 256, height: 256, stars: stars)
  }()

  private static func profile(_ fwhm: Double) -> (Double, Double) -> Double {
    { TestScene.moffat($0, $1, fwhm: fwhm) }
  }

  private static let sky: Float = 100

  /// The field as seen: image and variance.
  private static let seen: (image: Plane<Float>, variance: Plane<Float>) = {
    let clean = scene.image(profile(3))
    let variance = TestScene.variance(clean, sky: sky)
    return (TestScene.noisy(clean, variance: variance, seed: 9), variance)
  }()

  private struct Worst {
    var flux = 0.0
    var bias = 0.0
    var position = 0.0
  }

  private func worst(_ solved: Deconvolved, radius: Double) -> Worst {
    var worst = Worst()
    for star in Self.scene.stars {
      let found = light(in: solved.image, x: star.x, y: star.y, radius: radius)
      worst.flux = max(worst.flux, abs(found.flux / star.flux - 1))
      worst.bias += (found.flux / star.flux - 1) / Double(Self.scene.stars.count)
      worst.position = max(worst.position, hypot(found.x - star.x, found.y - star.y))
    }
    return worst
  }

  private let nothing = PixelMask(width: 256, height: 256)

  @Test func theTruePSFGivesFluxAndPlace() throws {
    let psf = try PointSpread(TestScene.kernel(63, Self.profile(3)))
    let solved = try deconvolve(Self.seen.image, variance: Self.seen.variance, excluding: nothing, psf: psf)
    let worst = worst(solved, radius: 5)
    print(
      "deconvolution, true PSF: flux within \(worst.flux), mean \(worst.bias), place within \(worst.position) px, "
        + "all light \(total(solved.image) / Self.scene.stars.reduce(0) { $0 + $1.flux }), "
        + "\(solved.iterations) iterations, chi2 \(solved.chiSquared), \(solved.end)")
    #expect(worst.flux < 0.01 && abs(worst.bias) < 0.003)
    #expect(worst.position < 0.1)
    // Not 1: a star between pixels is no sum of lights on pixels, and at this S/N that shows.
    #expect(solved.chiSquared < 3)
    let star = Self.scene.stars[7]
    let peak = solved.image[Int(star.x.rounded()), Int(star.y.rounded())]
    #expect(peak > 2 * Self.seen.image[Int(star.x.rounded()), Int(star.y.rounded())])
  }

  @Test(arguments: [0.95, 1.05]) func aPSFThatIsWrongByATwentiethKeepsFluxes(width: Double) throws {
    let psf = try PointSpread(TestScene.kernel(63, Self.profile(3 * width)))
    let solved = try deconvolve(Self.seen.image, variance: Self.seen.variance, excluding: nothing, psf: psf)
    let worst = worst(solved, radius: 5)
    print("deconvolution, PSF of \(width) x the width: flux within \(worst.flux), mean \(worst.bias)")
    #expect(worst.flux <= 0.05 && worst.position < 0.1)
  }

  /// Whatever stands in pixels that are left out, the result is the same; and a star with a hole keeps its
  /// flux.
  @Test func maskedPixelsDoNotMatter() throws {
    let psf = try PointSpread(TestScene.kernel(63, Self.profile(3)))
    let star = Self.scene.stars[14]
    let holes = [(Int(star.x.rounded()), Int(star.y.rounded())), (100, 8), (101, 8), (255, 255)]
    var marks = Plane<UInt8>(width: 256, height: 256, repeating: 0)
    var (spoiled, emptied) = (Self.seen.image, Self.seen.image)
    for (x, y) in holes {
      marks[x, y] = 1
      spoiled[x, y] = 1e7
      emptied[x, y] = .nan
    }
    let mask = PixelMask(nonZero: marks)
    let a = try deconvolve(spoiled, variance: Self.seen.variance, excluding: mask, psf: psf)
    let b = try deconvolve(emptied, variance: Self.seen.variance, excluding: mask, psf: psf)
    #expect(a.image == b.image)
    let flux = light(in: a.image, x: star.x, y: star.y, radius: 5).flux
    print("deconvolution, star without its central pixel: flux \(flux / star.flux)")
    #expect(abs(flux / star.flux - 1) < 0.02)
    #expect(a.image.elements.allSatisfy { $0.isFinite && $0 >= 0 })
  }

  /// A pixel without a variance is left out like a masked one.
  @Test func pixelsWithoutVarianceAreLeftOut() throws {
    let psf = try PointSpread(TestScene.kernel(63, Self.profile(3)))
    var variance = Self.seen.variance
    var marks = Plane<UInt8>(width: 256, height: 256, repeating: 0)
    for (x, value) in [(20, Float.nan), (60, 0), (90, -1), (120, .infinity)] {
      variance[x, 70] = value
      marks[x, 70] = 1
    }
    var options = DeconvolutionOptions()
    options.maximumIterations = 5
    let a = try deconvolve(
      Self.seen.image, variance: variance, excluding: nothing, psf: psf, options: options)
    let b = try deconvolve(
      Self.seen.image, variance: Self.seen.variance, excluding: PixelMask(nonZero: marks), psf: psf,
      options: options)
    #expect(a.image == b.image)
  }

  /// Noise grows by deconvolution, by a number that does not depend much on the noise that measured it.
  @Test func noiseAmplificationIsMeasured() throws {
    let psf = try PointSpread(TestScene.kernel(63, Self.profile(3)))
    var options = DeconvolutionOptions()
    (options.maximumIterations, options.chiSquaredGoal) = (20, 0)
    let solved = try deconvolve(
      Self.seen.image, variance: Self.seen.variance, excluding: nothing, psf: psf, options: options)
    let factors = try [1, 2].map { seed in
      try #require(
        try noiseAmplification(
          of: solved, Self.seen.image, variance: Self.seen.variance, excluding: nothing, psf: psf,
          options: options, seed: seed))
    }
    print("deconvolution, noise after 20 iterations: \(factors) x")
    #expect(factors[0] > 0.2 && abs(factors[1] / factors[0] - 1) < 0.1)
    let failure = #expect(throws: DeconvolutionError.self) {
      _ = try noiseAmplification(
        of: solved, Self.seen.image, variance: Plane(width: 3, height: 3, repeating: 1), excluding: nothing,
        psf: psf, options: options)
    }
    #expect(failure?.code == "shape-mismatch")
  }
}
