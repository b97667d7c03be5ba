import DataModels
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Simulator
import Testing

/// The acceptance tests of flat fields (ALGORITHMS 1.5, 1.6) for imager and slicer.
@Suite(.serialized) struct FlatTests {
  /// Five flats of 45 ke-: the pixel map differs from the truth by at most 1.05 times the photon and read noise of a
  /// median of five, and what it leaves on an evenly lit detector is that same noise.
  @Test func thePixelMapOfTheImagerIsAsGoodAsItsPhotons() throws {
    let size = 512
    var options = CalibrationBench.perfect(dark: 0.02, scatter: 0.015)
    options.vignetting = 0.1
    options.deadFraction = 0.005
    let bench = try CalibrationBench(seed: 301, size: size, options: options)
    let darks = try bench.expose("IMG1-DRK", 9, seconds: 10, sampling: .cds)
    let flats = try bench.expose("IMG1-NFF", 5, seconds: 10, sampling: .cds)
    let dark = try bench.run(.createDark, darks.map { ($0, .dark) }, product: "dark.fits").path
    let result = try bench.run(
      .processFlatfield, flats.map { ($0, .flat) }, references: [("dark", dark)], product: "flat.fits")
    #expect(result.report.degraded.isEmpty)
    let flat = try ImageModel(reading: result.path)
    let truth = try bench.instrument.detector("IMG1").response
    let timing = RampTiming(.cds, exposureSeconds: 10, frameSeconds: Exposure.frameSeconds(size: size))
    let level = try #require(flat.header.double("NORMLEVL"))
    var (errors, expected, residuals) = ([Double](), [Double](), [Double]())
    let quality = try #require(flat.quality)
    for y in 0..<size {
      for x in 0..<size where quality[x, y] & DQ.doNotUse == 0 {
        let response = Double(truth[x, y])
        errors.append(Double(flat.science[x, y]) - response)
        let photons = timing.variance(rate: level * response, gain: 3.04, readNoise: 12).squareRoot() / level
        // The dark of nine adds its own noise.
        let darkNoise = timing.variance(rate: 0, gain: 3.04, readNoise: 12).squareRoot() / level * 1.222 / 3
        expected.append((photons * photons / 5 * 1.196 * 1.196 + darkNoise * darkNoise).squareRoot())
        residuals.append(response / Double(flat.science[x, y]) - 1)
      }
    }
    let ratio = CalibrationBench.rms(errors) / CalibrationBench.rms(expected)
    let left = CalibrationBench.rms(residuals)
    let allowed = CalibrationBench.rms(expected)
    print("imager flat: pixel map rms / expected = \(ratio), residual of an even field \(left)")
    #expect(ratio < 1.05)
    // The scatter of the response raises the relative noise of dim pixels a little: by far less than 5 %.
    #expect(left < 1.05 * allowed)
    // The level of the lamp: 4560 e-/s at 3.04 e-/DN.
    #expect(abs(level / 1500 - 1) < 0.02)
    let pull = PullTests.statistics(PullTests.pulls(flat, truth: truth))
    print("imager flat: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05)
  }

  /// Dividing twice changes nothing, values and errors, and a flat of 1 ± 0 leaves every bit.
  @Test func divisionIsIdempotent() throws {
    let bench = try CalibrationBench(seed: 302, size: 128, options: DetectorModel.Options())
    let science = try bench.expose("IMG1-SKY", 1, seconds: 60, sampling: .utr(reads: 6))
    let detector = try bench.instrument.detector("IMG1")
    let response = Measured(
      value: detector.response, error: Plane(width: 128, height: 128, repeating: 0.003),
      quality: Plane(width: 128, height: 128, repeating: 0))
    let even = Measured(width: 128, height: 128, repeating: 1, error: 0)
    for (name, flat) in [("flat.fits", response), ("one.fits", even)] {
      try ImageModel(header: .init(), measured: flat, unit: "").write(to: "\(bench.path)/\(name)")
    }
    guard case .step(let step) = try PipelineCatalog.registry.target(named: "flat_field") else { return }
    let raw = try ImageModel(reading: science[0])
    let once = try bench.run(
      Pipeline(running: step), [(science[0], .science)], references: [("flat", "\(bench.path)/flat.fits")],
      product: "once.fits")
    let twice = try bench.run(
      Pipeline(running: step), [(once.path, .science)], references: [("flat", "\(bench.path)/flat.fits")],
      product: "twice.fits")
    let unit = try bench.run(
      Pipeline(running: step), [(science[0], .science)], references: [("flat", "\(bench.path)/one.fits")],
      product: "unit.fits")
    let (first, second) = try (ImageModel(reading: once.path), ImageModel(reading: twice.path))
    #expect(first.science != raw.science)
    #expect(second.measured == first.measured)
    let same = try ImageModel(reading: unit.path)
    #expect(same.science == raw.science && same.quality == raw.quality)
    let (a, b) = try (#require(same.error), #require(raw.error))
    for (a, b) in zip(a.elements, b.elements) { #expect(abs(a / b - 1) < 2e-7) }
  }

  /// The slicer's flat keeps the pixels and loses the lamp and the grating: along each slice less than 0.3 % is left of a
  /// response that varies by half.
  @Test func theSlicersResponseIsTakenOut() throws {
    let size = 512
    var options = CalibrationBench.perfect(dark: 0.02, scatter: 0.015)
    (options.vignetting, options.deadFraction) = (0.1, 0.005)
    let bench = try CalibrationBench(seed: 303, size: size, detectors: ["IFU"], options: options)
    let darks = try bench.expose("SLI-DRK", 9, seconds: 10, sampling: .cds)
    let flats = try bench.expose("SLI-NFF", 7, seconds: 10, sampling: .cds)
    let dark = try bench.run(.createDark, darks.map { ($0, .dark) }, product: "dark.fits").path
    let result = try bench.run(
      .processFlatfield, flats.map { ($0, .flat) }, references: [("dark", dark)], product: "flat.fits")
    #expect(result.report.degraded.isEmpty)
    let flat = try ImageModel(reading: result.path)
    let exposure = Exposure(
      try #require(FrameClass(obsName: "SLI-NFF")), seconds: 10, sampling: .cds, begin: Night.defaultStart)
    let scene = try bench.instrument.scene(of: exposure)
    #expect(flat.header.integer("NSLICES") == Int64(size / 46))
    let quality = try #require(flat.quality)
    // Every slice (46 rows of 512, 11 of them from row 3 on), smoothed over 64 columns and its rows: flat over truth. The
    // photon noise of 64 x 42 pixels of 0.2 % is 0.004 %.
    var (before, worst) = (0.0, 0.0)
    for slice in 0..<size / 46 {
      let rows = 3 + slice * 46 + 1..<3 + slice * 46 + 43
      var (shares, lamp) = ([Double](), [Double]())
      for block in stride(from: 0, to: size, by: 64) {
        var (sum, light, n) = (0.0, 0.0, 0)
        for y in rows {
          for x in block..<block + 64 where quality[x, y] & DQ.doNotUse == 0 {
            sum += Double(flat.science[x, y] / scene.truth[x, y])
            light += Double(scene.expected[x, y])
            n += 1
          }
        }
        #expect(n > 64 * 40)
        shares.append(sum / Double(n))
        lamp.append(light / Double(n))
      }
      worst = max(worst, (shares.max() ?? 9) - (shares.min() ?? 0))
      before = max(before, (lamp.max() ?? 0) / (lamp.min() ?? 1) - 1)
    }
    print("slicer flat: peak to valley along a slice \(before) before, \(worst) after")
    #expect(before > 0.3)
    #expect(worst < 0.003)
    let pull = PullTests.statistics(PullTests.pulls(flat, truth: scene.truth))
    print("slicer flat: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.1)
    // Between the slices there is no flat, and nothing is used.
    for y in 0..<size {
      for x in 0..<size where scene.truth[x, y] == 0 { #expect(quality[x, y] & DQ.doNotUse != 0) }
    }
  }
}
