import Foundation
import Pixels
import SourceExtraction
import Testing

/// Stars of a known undersampled, lopsided profile.
@Suite struct PSFTests {
  private struct Star {
    let x: Double
    let y: Double
    let flux: Double
  }

  /// A Gaussian core of 1.0 x 1.2 pixels in a Moffat halo, integrated over the pixel by 5 x 5 points.
  private static func share(_ dx: Double, _ dy: Double) -> Double {
    var sum = 0.0
    for j in -2...2 {
      for i in -2...2 {
        let (x, y) = (dx + Double(i) / 5, dy + Double(j) / 5)
        let core = exp(-0.5 * (x * x + y * y / 1.44)) / (2 * .pi * 1.2)
        let halo = 1.5 / .pi / 9 * pow(1 + (x * x + y * y) / 9, -2.5)
        sum += 0.7 * core + 0.3 * halo
      }
    }
    return sum / 25
  }

  private static let size = 400

  private static func scene(seed: UInt64, stars: [Star], sigma: Double) throws -> PhotometryImage {
    var noise = Noise(seed: seed)
    var sky = noise.image(size, size, level: { _, _ in 0 }, sigma: 0)
    for star in stars {
      for y in max(0, Int(star.y) - 40)..<min(size, Int(star.y) + 41) {
        for x in max(0, Int(star.x) - 40)..<min(size, Int(star.x) + 41) {
          sky[x, y] += Float(star.flux * share(Double(x) - star.x, Double(y) - star.y))
        }
      }
    }
    // Photon noise at 1 adu/electron over the sky's.
    let error = sky.map { Float((sigma * sigma + Double(max(0, $0))).squareRoot()) }
    let value = Plane(
      width: size, height: size,
      elements: zip(sky.elements, error.elements).map { $0 + $1 * Float(noise.gaussian()) })
    return try PhotometryImage(value: value, error: error)
  }

  /// Stars 44 pixels apart.
  private static func grid(seed: UInt64, flux: (inout Noise) -> Double) -> [Star] {
    var noise = Noise(seed: seed)
    return (0..<64).map { k in
      Star(
        x: 40 + 44 * Double(k % 8) + noise.uniform(), y: 40 + 44 * Double(k / 8) + noise.uniform(),
        flux: flux(&noise))
    }
  }

  @Test func thePSFIsRecovered() throws {
    let stars = Self.grid(seed: 3) { 200_000 * (0.5 + $0.uniform()) }
    let image = try Self.scene(seed: 4, stars: stars, sigma: 10)
    let given = try stars.map { star in
      let place = try image.windowedPosition(x: star.x.rounded(), y: star.y.rounded(), sigma: 1.2)
      return PSFStar(x: place.x, y: place.y, flux: try image.circle(x: place.x, y: place.y, radius: 12).flux)
    }
    let psf = try empiricalPSF(from: image, stars: given)
    #expect(abs(psf.sum - 1) < 1e-9)
    let inside = EmpiricalPSF(oversampling: 4, radius: 12, Self.share).sum
    var worst = 0.0
    for j in -12...12 {
      for i in -12...12 {
        let (dx, dy) = (Double(i) * 0.33, Double(j) * 0.33)
        worst = max(worst, abs(psf.value(dx: dx, dy: dy) * inside - Self.share(dx, dy)))
      }
    }
    // Of a peak of 0.11: 64 stars of S/N 400, some 4 of them at each point.
    #expect(worst < 0.0025, "\(worst)")
    let fits = psfPhotometry(
      of: image, at: given.map { ($0.x, $0.y) }, with: psf.scaled(by: inside),
      options: PSFPhotometryOptions(radius: 6))
    let ratios = zip(fits, stars).map { $0.flux / $1.flux - 1 }
    #expect(abs(ratios.reduce(0, +) / 64) < 2e-3, "\(ratios.reduce(0, +) / 64)")
    for (fit, star) in zip(fits, stars) {
      #expect(fit.isMoved && abs(fit.x - star.x) < 0.03 && abs(fit.y - star.y) < 0.03)
    }
  }

  /// The pull of fluxes and places over stars of S/N 5 to 100 has a width of 1, and fluxes no bias.
  @Test func errorsAreThoseOfTheScatter() throws {
    let psf = EmpiricalPSF(oversampling: 4, radius: 12, Self.share)
    var (fluxPulls, xPulls, spreads, ratios) = ([Double](), [Double](), [Double](), [Double]())
    for seed in 0..<6 as Range<UInt64> {
      let stars = Self.grid(seed: 100 + seed) { 600 * pow(20, $0.uniform()) }
      let image = try Self.scene(seed: 200 + seed, stars: stars, sigma: 10)
      let fits = psfPhotometry(
        of: image, at: stars.map { ($0.x, $0.y) }, with: psf, options: PSFPhotometryOptions(radius: 6))
      for (fit, star) in zip(fits, stars) {
        fluxPulls.append((fit.flux - star.flux) / fit.fluxError)
        ratios.append(fit.flux / star.flux - 1)
        spreads.append(fit.spread / fit.spreadError)
        if star.flux / fit.fluxError > 20 { xPulls.append((fit.x - star.x) / fit.xError) }
      }
    }
    func width(_ pulls: [Double]) -> Double {
      (pulls.reduce(0) { $0 + $1 * $1 } / Double(pulls.count)).squareRoot()
    }
    // 384 stars: a width is known to 3.6 %, the bright ones' to 5 %.
    #expect(abs(width(fluxPulls) - 1) < 0.12, "flux pull \(width(fluxPulls))")
    #expect(abs(width(xPulls) - 1) < 0.17, "position pull \(width(xPulls))")
    #expect(abs(width(spreads) - 1) < 0.15, "spread pull \(width(spreads))")
    let mean = fluxPulls.reduce(0, +) / Double(fluxPulls.count)
    #expect(abs(mean) < 0.2, "mean pull \(mean)")
    #expect(abs(ratios.reduce(0, +) / Double(ratios.count)) < 0.015)
  }

  /// Two stars three pixels apart are told apart once each is fitted without the other.
  @Test func neighboursAreTakenOff() throws {
    let psf = EmpiricalPSF(oversampling: 4, radius: 12, Self.share)
    let stars = [Star(x: 200.3, y: 200.2, flux: 20_000), Star(x: 204.1, y: 201.0, flux: 10_000)]
    let image = try Self.scene(seed: 9, stars: stars, sigma: 10)
    func fits(_ passes: Int) -> [PSFFit] {
      psfPhotometry(
        of: image, at: stars.map { ($0.x, $0.y) }, with: psf,
        options: PSFPhotometryOptions(radius: 5, passes: passes))
    }
    let (alone, apart) = (fits(1), fits(6))
    #expect(abs(alone[1].flux / 10_000 - 1) > 0.05)
    for (fit, star) in zip(apart, stars) { #expect(abs(fit.flux - star.flux) < 5 * fit.fluxError) }
  }

  /// Something wider than the PSF spreads, something sharper shrinks.
  @Test func wideAndSharpAreSeen() throws {
    let psf = EmpiricalPSF(oversampling: 4, radius: 12, Self.share)
    var value = Plane<Float>(width: 60, height: 60, repeating: 0)
    for y in 0..<60 {
      for x in 0..<60 {
        let (dx, dy) = (Double(x) - 20, Double(y) - 20)
        value[x, y] = Float(5000 * exp(-(dx * dx + dy * dy) / 18) / (18 * .pi))
      }
    }
    value[45, 45] = 5000
    let image = try PhotometryImage(value: value, error: Plane(width: 60, height: 60, repeating: 1))
    let fits = psfPhotometry(
      of: image, at: [(20, 20), (45, 45)], with: psf, options: PSFPhotometryOptions(radius: 6, passes: 1))
    #expect(fits[0].spread > 0.01 && fits[0].spread > 5 * fits[0].spreadError)
    #expect(fits[1].spread < -0.005 && fits[1].spread < -5 * fits[1].spreadError)
  }
}
