import Foundation
import Pixels
import Testing

/// Rays that were put in are found, and stars with cores sampled by two pixels are left alone.
@Suite struct CosmicRayScienceTests {
  private static let side = 512
  private static let sky = 200.0
  private static let readNoise = 6.5

  /// A field, the pixels with more than 10 sigmas of a ray, and the stars.
  private struct Field {
    var image: Plane<Float>
    var hit: Plane<UInt8>
    var stars: [(x: Double, y: Double)]
  }

  /// Stars of a signal to noise of 20 to 200, Gaussian with the given FWHM, integrated over pixels; tracks of 1 to 6
  /// pixels of 12 to 1200 sigmas.
  private func field(fwhm: Double, stars: Int, rays: Int, seed: UInt64) -> Field {
    var random = Noise(seed: seed)
    let side = Self.side
    let sigma = fwhm / 2.35482
    var light = [Double](repeating: Self.sky, count: side * side)
    var places: [(x: Double, y: Double)] = []
    for _ in 0..<stars {
      let (x, y) = (12 + random.uniform() * Double(side - 24), 12 + random.uniform() * Double(side - 24))
      let ratio = 20 * pow(10, random.uniform())
      // S/N = F / sqrt(F + noise of the background in the star's area).
      let behind = 4 * Double.pi * sigma * sigma * (Self.sky + Self.readNoise * Self.readNoise)
      let flux = (ratio * ratio + (pow(ratio, 4) + 4 * ratio * ratio * behind).squareRoot()) / 2
      for j in Int(y) - 10...Int(y) + 10 {
        for i in Int(x) - 10...Int(x) + 10 {
          func part(_ d: Double) -> Double {
            (erf((d + 0.5) / sigma / 2.0.squareRoot()) - erf((d - 0.5) / sigma / 2.0.squareRoot())) / 2
          }
          light[j * side + i] += flux * part(Double(i) - x) * part(Double(j) - y)
        }
      }
      places.append((x, y))
    }
    let sigmas = light.map { ($0 + Self.readNoise * Self.readNoise).squareRoot() }
    var pixels = light.map { random.poisson($0) + Self.readNoise * random.gaussian() }
    var charge = [Double](repeating: 0, count: side * side)
    for _ in 0..<rays {
      let (x, y) = (6 + random.uniform() * Double(side - 12), 6 + random.uniform() * Double(side - 12))
      let (angle, strength) = (2 * Double.pi * random.uniform(), 12 * pow(100, random.uniform()))
      for step in 0..<1 + Int(6 * random.uniform()) {
        let (i, j) = (Int(x + Double(step) * cos(angle)), Int(y + Double(step) * sin(angle)))
        guard (5..<side - 5).contains(i), (5..<side - 5).contains(j) else { continue }
        charge[j * side + i] = strength * sigmas[j * side + i]
      }
    }
    for i in pixels.indices { pixels[i] += charge[i] }
    return Field(
      image: Plane(width: side, height: side, elements: pixels.map { Float($0) }),
      hit: Plane(
        width: side, height: side, elements: charge.indices.map { charge[$0] > 10 * sigmas[$0] ? 1 : 0 }),
      stars: places)
  }

  /// The options of the step: cores sampled by two pixels.
  private static let undersampled = CosmicRayOptions(objectLimit: 10, medians: .full)

  @Test(arguments: [2.2, 3.5])
  func raysAreFoundAndStarsAreNot(fwhm: Double) throws {
    let field = field(fwhm: fwhm, stars: 100, rays: 60, seed: 17)
    let truth = PixelMask(nonZero: field.hit)
    let found = try findCosmicRays(
      in: field.image, noise: .counts(readNoise: Float(Self.readNoise)), options: Self.undersampled)
    let both = truth.count + found.mask.count - truth.union(found.mask).count
    let completeness = Double(both) / Double(truth.count)
    // A ray's neighbours have charge of their own in a real detector: they are no false alarms.
    let near = truth.dilated(by: 3)
    let falseShare = Double(near.union(found.mask).count - near.count) / Double(Self.side * Self.side)
    let cores = field.stars.filter { star in
      let (x, y) = (Int(star.x.rounded()), Int(star.y.rounded()))
      let isClean = !(-5...5).contains { dy in
        (-5...5).contains { dx in truth.contains(x: x + dx, y: y + dy) }
      }
      return isClean
        && (-1...1).contains { dy in (-1...1).contains { found.mask.contains(x: x + $0, y: y + dy) } }
    }
    print(
      "lacosmic, FWHM \(fwhm): completeness \(completeness) of \(truth.count) pixels above 10 sigma, "
        + "false \(falseShare) per pixel, \(cores.count) of \(field.stars.count) star cores flagged")
    #expect(completeness >= 0.95 && falseShare <= 1e-4 && cores.isEmpty)
  }

  /// A rate image with its errors gives the rays of the image in electrons.
  @Test func ratesWithErrorsAreSearchedAlike() throws {
    let field = field(fwhm: 2.2, stars: 60, rays: 60, seed: 5)
    let counts = try findCosmicRays(
      in: field.image, noise: .counts(readNoise: Float(Self.readNoise)), options: Self.undersampled)
    let (gain, seconds) = (Float(2), Float(50))
    let rate = field.image.map { $0 / (gain * seconds) }
    var options = Self.undersampled
    options.gain = gain * seconds
    let read = Float(Self.readNoise) / (gain * seconds)
    let plane = Plane<Float>(width: Self.side, height: Self.side, repeating: read * read)
    let byModel = try findCosmicRays(in: rate, noise: .photonsAnd(plane), options: options)
    let variance = field.image.map {
      (max($0, 0) + Float(Self.readNoise * Self.readNoise)) / (gain * gain * seconds * seconds)
    }
    let byError = try findCosmicRays(in: rate, noise: .variance(variance), options: options)
    for other in [byModel, byError] {
      let union = counts.mask.union(other.mask).count
      let jaccard = Double(counts.mask.count + other.mask.count - union) / Double(union)
      print("lacosmic of rates: Jaccard index \(jaccard) of \(union) pixels")
      #expect(jaccard > 0.98)
    }
  }

  /// The level of a sky that was subtracted counts in the noise: without it, the noise of the sky looks like rays.
  @Test func aSubtractedLevelCountsInTheNoise() throws {
    let field = field(fwhm: 2.2, stars: 60, rays: 60, seed: 6)
    let level = Float(Self.sky)
    let subtracted = field.image.map { $0 - level }
    let noise = CosmicRayNoise.counts(readNoise: Float(Self.readNoise))
    let whole = try findCosmicRays(in: field.image, noise: noise, options: Self.undersampled)
    let told = try findCosmicRays(
      in: subtracted, subtractedLevel: level, noise: noise, options: Self.undersampled)
    let untold = try findCosmicRays(in: subtracted, noise: noise, options: Self.undersampled)
    let union = whole.mask.union(told.mask).count
    #expect(Double(whole.mask.count + told.mask.count - union) / Double(union) > 0.98)
    #expect(untold.mask.count > 2 * told.mask.count)
  }

  /// NaN, masked and saturated pixels are never rays, and a ray beside a masked pixel is found.
  @Test func maskedPixelsAreNoRaysAndHideNone() throws {
    var image = Plane<Float>(width: 96, height: 64, repeating: 100)
    var random = Noise(seed: 9)
    image.withUnsafeMutableBuffer { for i in $0.indices { $0[i] += Float(10 * random.gaussian()) } }
    (image[20, 20], image[40, 30], image[41, 30], image[0, 0]) = (.nan, 5000, 1000, .infinity)
    for y in 45..<55 { for x in 60..<70 { image[x, y] = 60_000 } }
    var bad = Plane<UInt8>(width: 96, height: 64, repeating: 0)
    bad[40, 30] = 1
    let found = try findCosmicRays(
      in: image, excluding: PixelMask(nonZero: bad), noise: .counts(readNoise: 0),
      options: CosmicRayOptions(saturation: 50_000))
    #expect(found.mask.contains(x: 41, y: 30) && !found.mask.contains(x: 40, y: 30))
    #expect(!found.mask.contains(x: 20, y: 20) && found.mask.count <= 3)
    let isFinite = found.cleaned.elements.allSatisfy { $0.isFinite }
    #expect(isFinite)
    #expect(abs(found.cleaned[20, 20] - 100) < 10 && abs(found.cleaned[40, 30] - 100) < 10)
  }

  @Test func impossibleOptionsAreRefused() {
    let image = Plane<Float>(width: 8, height: 8, repeating: 1)
    #expect(throws: PixelsError.self) {
      _ = try findCosmicRays(
        in: image, noise: .counts(readNoise: 1), options: CosmicRayOptions(sigmaClip: -1))
    }
    #expect(throws: PixelsError.self) {
      _ = try findCosmicRays(in: image, noise: .variance(Plane(width: 4, height: 8, repeating: 1)))
    }
    #expect(throws: PixelsError.self) { _ = try PSFKernel(Plane(width: 4, height: 3, repeating: 1)) }
  }
}
