import Deconvolution
import Foundation
import Pixels
import Testing

@Suite struct ConservationTests {
  private static func gauss(_ dx: Double, _ dy: Double) -> Double {
    exp(-(dx * dx + dy * dy) / 8) / (8 * .pi)
  }

  private static let scene = TestScene(
    width: 200, height: 150,
    stars: [
      .init(x: 40.3, y: 50.6, flux: 2e5), .init(x: 99.5, y: 74.5, flux: 5e4),
      .init(x: 160, y: 100, flux: 1e6),
      .init(x: 131, y: 40.2, flux: 1e4),
    ])
  private let nothing = PixelMask(width: 200, height: 150)

  /// Counting photons, every iteration keeps all light; with known noise it is kept as the iteration settles,
  /// the sooner the nearer the noise is to that of photons.
  @Test(arguments: [3, 100]) func allLightStays(iterations: Int) throws {
    let image = Self.scene.image(Self.gauss)
    let psf = try PointSpread(TestScene.kernel(25, Self.gauss))
    var options = DeconvolutionOptions(maximumIterations: iterations, tolerance: 0, chiSquaredGoal: 0)
    let photons = try deconvolve(image, variance: nil, excluding: nothing, psf: psf, options: options)
    #expect(abs(total(photons.image) / total(image) - 1) < 1e-5)
    let variance = TestScene.variance(image, sky: 500)
    let known = try deconvolve(image, variance: variance, excluding: nothing, psf: psf, options: options)
    print(
      "deconvolution, \(iterations) iterations: light \(total(photons.image) / total(image)) by photons, "
        + "\(total(known.image) / total(image)) by known noise")
    #expect(abs(total(known.image) / total(image) - 1) < (iterations == 3 ? 0.02 : 0.005))
    // Noise that knows nothing of the stars' photons is the slowest to settle.
    let even = Plane<Float>(width: 200, height: 150, repeating: 100)
    let slow = try deconvolve(image, variance: even, excluding: nothing, psf: psf, options: options)
    print("deconvolution, \(iterations) iterations: light \(total(slow.image) / total(image)) by even noise")
    #expect(abs(total(slow.image) / total(image) - 1) < 0.005)
    options.background = 500
    let onSky = try deconvolve(
      image.map { $0 + 500 }, variance: variance, excluding: nothing, psf: psf, options: options)
    let difference = zip(onSky.image.elements, known.image.elements).map { abs($0 - $1) }.max() ?? 1
    #expect(difference < 1e-3 * (known.image.elements.max() ?? 0))
  }

  /// The textbook's formula, pixel by pixel and without any transform, gives the same.
  @Test func stepsAreThoseOfTheFormula() throws {
    let side = 24
    let stars = [TestScene.Star(x: 10.4, y: 12.7, flux: 5000), .init(x: 16, y: 9, flux: 900)]
    let image = TestScene(width: side, height: side, stars: stars).image(Self.gauss).map { $0 + 20 }
    let kernel = TestScene.kernel(7, Self.gauss)
    var options = DeconvolutionOptions(
      maximumIterations: 4, tolerance: 0, chiSquaredGoal: 0, background: 20, tile: 16)
    options.accelerates = false
    let solved = try deconvolve(
      image, variance: nil, excluding: PixelMask(width: side, height: side), psf: PointSpread(kernel),
      options: options)
    let direct = DirectRichardsonLucy(image, kernel, background: 20).scene(after: 4)
    let scale = direct.elements.max() ?? 0
    for (a, b) in zip(solved.image.elements, direct.elements) { #expect(abs(a - b) < 2e-5 * scale) }
  }

  @Test func whatCannotBeDeconvolvedIsRefused() throws {
    let image = Plane<Float>(width: 200, height: 150, repeating: 1)
    let kernel = TestScene.kernel(5, Self.gauss)
    func code(_ body: () throws -> Void) -> String? {
      #expect(throws: DeconvolutionError.self) { try body() }?.code
    }
    #expect(code { _ = try PointSpread([], at: []) } == "psf-empty")
    #expect(code { _ = try PointSpread(kernel.map { _ in 0 }) } == "psf-value")
    #expect(code { _ = try PointSpread(kernel.map { _ in .nan }) } == "psf-value")
    #expect(code { _ = try PointSpread([kernel, kernel], at: [.init(x: 1, y: 1)]) } == "psf-places")
    let psf = try PointSpread(kernel)
    let small = PixelMask(width: 3, height: 3)
    #expect(
      code { _ = try deconvolve(image, variance: nil, excluding: small, psf: psf) } == "shape-mismatch")
    let all = PixelMask(nonZero: image)
    #expect(code { _ = try deconvolve(image, variance: nil, excluding: all, psf: psf) } == "no-good-pixel")
    let none = DeconvolutionOptions(maximumIterations: 0)
    #expect(
      code { _ = try deconvolve(image, variance: nil, excluding: nothing, psf: psf, options: none) }
        == "deconvolution-option")
  }
}
