import Foundation
import Pixels
import Testing

/// The background by boxes against photutils, and against its own definition.
@Suite struct BoxBackgroundTests {
  private static func frame() throws -> (image: Plane<Float>, mask: PixelMask) {
    let file = try GoldenFile("background_in.fits")
    let mask = Plane<UInt32>(width: 160, height: 160, elements: try file.image("MASK").flags)
    return (
      Plane(width: 160, height: 160, elements: try file.image("DATA").floats), PixelMask(nonZero: mask)
    )
  }

  private static func options(_ name: String) -> BoxBackgroundOptions {
    switch name {
    case "sextractor32": BoxBackgroundOptions(estimator: .sextractor, boxWidth: 32, boxHeight: 32)
    case "biweight64pad": biweight(box: 64)
    default: biweight(box: 40)
    }
  }

  private static func biweight(box: Int) -> BoxBackgroundOptions {
    BoxBackgroundOptions(
      estimator: .biweight, boxWidth: box, boxHeight: box,
      clipping: BoxClipping(lower: 6, upper: 2, maximumIterations: 100))
  }

  /// Boxes that divide the frame, boxes that do not (their remains have too few pixels and are filled from the
  /// neighbours), and the other estimator.
  @Test(arguments: ["biweight40", "biweight64pad", "sextractor32"])
  func agreesWithPhotutils(name: String) throws {
    let (image, mask) = try Self.frame()
    let output = try GoldenFile("background2d_\(name).fits")
    let found = try boxBackground(of: image, excluding: mask, options: Self.options(name))
    #expect(largestDifference(found.level.doubles, try output.image("MESH").pixels) < 1e-5)
    #expect(largestDifference(found.noise.doubles, try output.image("RMS_MESH").pixels) < 1e-5)
    let level = found.levelImage().elements.doubles
    #expect(largestDifference(level, try output.image("BACKGROUND").pixels) < 1e-5)
    let noise = found.noiseImage().elements.doubles
    #expect(largestDifference(noise, try output.image("RMS").pixels) < 1e-5)
  }

  /// The scaled sky of one frame is its background; where the frame is flagged the reference leaves NaN, ours has the
  /// background there too.
  @Test func skyOfOneFrame() throws {
    let (image, mask) = try Self.frame()
    let output = try GoldenFile("calc_sky_one.fits")
    let found = try boxBackground(of: image, excluding: mask, options: Self.options("biweight40"))
    let flagged = mask.plane.elements
    for (plane, name) in [(found.levelImage(), "SKY"), (found.noiseImage(), "ERR")] {
      let expected = try output.image(name).pixels
      for (i, value) in plane.elements.doubles.enumerated() {
        #expect(value.isFinite && expected[i].isNaN == (flagged[i] != 0))
        if flagged[i] == 0 { #expect(largestDifference([value], [expected[i]]) < 1e-5) }
      }
    }
  }

  /// Known bug: of two frames of levels 1 and 1.5 each sky is multiplied by its scale, median / mean of the medians,
  /// where it should be divided by it, and the two are averaged. Divided, both are 1.25 times the sky of the first. The
  /// reference's numbers, 1.3 times (and 1.8 times where the first frame is flagged), come out when ours are multiplied.
  @Test func skyOfTwoFrames() throws {
    let (image, mask) = try Self.frame()
    let reference = try GoldenFile("calc_sky_two.fits").image("SKY").pixels
    let frames = [image, image.map { $0 * 1.5 }]
    let medians = frames.map { SampleStatistics.median($0.elements.doubles) }
    let scales = medians.map { $0 * 2 / (medians[0] + medians[1]) }
    #expect(largestDifference(scales, [0.8, 1.2]) < 1e-5)
    let options = Self.options("biweight40")
    let one = try boxBackground(of: image, excluding: mask, options: options).levelImage().elements.doubles
    let two = try boxBackground(of: frames[1], options: options).levelImage().elements.doubles
    for (sky, scale) in [(one, scales[0]), (two, scales[1])] {
      #expect(largestDifference(sky.map { $0 / scale }, one.map { $0 * 1.25 }) < 1e-5)
    }
    let flagged = mask.plane.elements
    for i in reference.indices {
      let multiplied = (one[i] * scales[0], two[i] * scales[1])
      let wrong = flagged[i] == 0 ? (multiplied.0 + multiplied.1) / 2 : multiplied.1
      #expect(largestDifference([reference[i]], [wrong]) < 1e-5)
    }
  }

  /// Every estimator and both ways with incomplete boxes against the textbook on the same box.
  @Test(arguments: BoxBackgroundOptions.Estimator.allCases, BoxBackgroundOptions.Edge.allCases)
  func boxesHoldTheirEstimate(
    estimator: BoxBackgroundOptions.Estimator, edge: BoxBackgroundOptions.Edge
  ) throws {
    var noise = Noise(seed: 7)
    let image = Measured.noisy(50, 40, value: 100, sigma: 5, &noise).value
    let found = try boxBackground(
      of: image,
      options: BoxBackgroundOptions(
        estimator: estimator, boxWidth: 20, boxHeight: 20, clipping: nil, edge: edge, excludePercentile: 100,
        filterWidth: 1, filterHeight: 1))
    #expect((found.columns, found.rows) == (edge == .pad ? 3 : 2, 2))
    for k in 0..<found.level.count {
      let (x0, y0) = (k % found.columns * 20, k / found.columns * 20)
      let window = PixelWindow(x0: x0, y0: y0, width: min(20, 50 - x0), height: 20)
      let samples = image.cropped(to: window).elements.doubles
      let mean = samples.reduce(0, +) / Double(samples.count)
      let median = SampleStatistics.median(samples)
      let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let expected =
        switch estimator {
        case .mean: mean
        case .median: median
        case .sextractor: 2.5 * median - 1.5 * mean
        case .biweight: SampleStatistics.biweightLocation(samples)
        }
      #expect(abs(Double(found.level[k]) - expected) < 1e-4)
      #expect(abs(Double(found.noise[k]) - (squares / Double(samples.count)).squareRoot()) < 1e-5)
    }
  }

  /// Clipping: rounds are counted as astropy counts them (180, 170 and 162 of 200 samples after 1, 2 and 3 rounds
  /// there), and its last bounds decide.
  @Test func clippingStopsAfterItsRounds() throws {
    let row = (0..<200).map { Float(pow(Double($0) / 100, 3)) }
    let image = Plane<Float>(width: 200, height: 1, elements: row)
    var left: [Double] = []
    for rounds in [1, 2, 3] {
      let found = try boxBackground(
        of: image,
        options: BoxBackgroundOptions(
          estimator: .mean, boxWidth: 200, boxHeight: 1,
          clipping: BoxClipping(lower: 2, upper: 2, maximumIterations: rounds), excludePercentile: 100,
          filterWidth: 1, filterHeight: 1))
      left.append(Double(found.level[0]))
    }
    var samples = row.map(Double.init)
    for round in 0..<3 {
      let mean = samples.reduce(0, +) / Double(samples.count)
      let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let std = (squares / Double(samples.count)).squareRoot()
      let center = SampleStatistics.median(samples)
      samples = samples.filter { abs($0 - center) <= 2 * std }
      #expect(abs(left[round] - samples.reduce(0, +) / Double(samples.count)) < 1e-6)
    }
  }

  @Test func maskedAndNotFinitePixelsDoNotCount() throws {
    var image = Plane<Float>(width: 64, height: 64, repeating: 10)
    image[3, 3] = .nan
    image[40, 3] = .infinity
    var marks = Plane<UInt8>(width: 64, height: 64, repeating: 0)
    for x in 0..<20 {
      image[x, 40] = 1000
      marks[x, 40] = 1
    }
    let found = try boxBackground(
      of: image, excluding: PixelMask(nonZero: marks),
      options: BoxBackgroundOptions(boxWidth: 32, boxHeight: 32))
    #expect(found.levelImage() == Plane(width: 64, height: 64, repeating: 10))
    #expect(found.noise == [0, 0, 0, 0])
    #expect(throws: PixelsError.self) {
      try boxBackground(of: Plane<Float>(width: 8, height: 8, repeating: .nan))
    }
    #expect(throws: PixelsError.self) {
      try boxBackground(of: image, options: BoxBackgroundOptions(filterWidth: 2))
    }
  }
}
