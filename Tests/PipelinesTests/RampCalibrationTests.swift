import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import ReadoutSteps
import Testing

/// The steps between `dq_init` and the fit, on files.
@Suite struct RampCalibrationTests {
  private static let width = 24
  private static let height = 10
  /// The ramp is a subarray of a detector of 40 x 30 pixels.
  private static let window: [Card] = [
    Card("SUBARRAY", "CUSTOM"), Card("SUBSTRT1", 5), Card("SUBSTRT2", 9), Card("SUBSIZE1", width),
    Card("SUBSIZE2", height), Card("DETXSIZE", 40), Card("DETYSIZE", 30),
  ]

  private func bias(_ x: Int, _ y: Int) -> Float { Float(1000 + 7 * x + 13 * y) }

  /// Measured counts of true ones: 5 % less at 50000.
  private func measured(_ counts: Double) -> Double { counts * (1 - 1e-6 * counts) }

  /// Six reads of 1000 adu/s, each second; the whole number nearest to what a detector of this bias and non-linearity
  /// gives.
  private func ramp(
    _ bench: Bench, name: String = "a_ramp.fits", cards: [Card] = [],
    edit: (inout Ramp<UInt16>) -> Void = { _ in }
  ) throws -> String {
    let times = (1...6).map { Double($0) }
    var samples = Ramp<UInt16>(
      integrations: 1, reads: 6, height: Self.height, width: Self.width, repeating: 0)
    for j in 0..<6 {
      for y in 0..<Self.height {
        for x in 0..<Self.width {
          let counts = measured(8000 * times[j]).rounded()
          samples[0, j, x, y] = UInt16(Float(counts) + bias(x + 4, y + 8))
        }
      }
    }
    edit(&samples)
    let path = "\(bench.path)/\(name)"
    let model = RampModel(
      header: Header(
        [
          Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("GAIN", 2.0), Card("READNOIS", 10.0),
          Card("DATE-BEG", "2026-07-14T09:00:00"),
        ] + Self.window + cards), samples: .uint16(samples), times: [times])
    try model.write(to: path)
    return path
  }

  /// A reference of the whole detector.
  private func image(
    _ bench: Bench, _ name: String, unit: String = "adu", _ value: (Int, Int) -> Float
  ) throws -> String {
    try bench.frame(name, value: 0, error: nil, unit: unit, width: 40, height: 30) { model in
      for y in 0..<30 { for x in 0..<40 { model.science[x, y] = value(x, y) } }
    }
  }

  /// Coefficients of true counts by measured ones, in planes or interleaved.
  private func coefficients(
    _ bench: Bench, interleaved: Bool = false, factor: Bool = false
  ) throws -> String {
    let a: Float = 1e-6
    let values: [Float] = factor ? [0, a, 2 * a * a, 5 * a * a * a] : [0, 1, a, 2 * a * a, 5 * a * a * a]
    let count = values.count
    var cube = [Float](repeating: 0, count: 40 * 30 * count)
    for i in 0..<1200 {
      for n in 0..<count {
        // One pixel of the window, at (3, 2) there, has none.
        let value = i == 10 * 40 + 7 && n == count - 1 ? Float.nan : values[n]
        cube[interleaved ? i * count + n : n * 1200 + i] = value
      }
    }
    let path = "\(bench.path)/coefficients\(interleaved)\(factor).fits"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header([Card("DETECTOR", "IMG1")]))
    try cube.withUnsafeBufferPointer {
      try writer.appendImage(
        Header(), name: "COEFFS", axes: interleaved ? [count, 40, 30] : [40, 30, count], pixels: $0)
    }
    _ = try writer.commit()
    return path
  }

  @Test(arguments: [false, true], [false, true])
  func aRampOfASubarrayIsCalibratedByReferencesOfTheDetector(interleaved: Bool, factor: Bool) throws {
    let bench = try Bench()
    let file = try ramp(bench) { samples in
      for j in 3..<6 { samples[0, j, 5, 5] = 60000 }
    }
    let references = [
      Bench.reference(
        "bias", try image(bench, "bias.fits") { $0 == 10 && $1 == 10 ? .nan : self.bias($0, $1) }),
      Bench.reference("saturation", try image(bench, "saturation.fits") { x, _ in x == 30 ? .nan : 55000 }),
      Bench.reference(
        "nonlincoeff", try coefficients(bench, interleaved: interleaved, factor: factor)),
    ]
    let report = try bench.run(.readout, [(file, .science)], references: references)
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    #expect(report.degraded.isEmpty, "\(report.degraded)")
    let rate = try bench.product()
    let header = rate.header
    for keyword in ["S_SATURA", "S_BIAS", "S_NLCORR"] { #expect(header.string(keyword) == "COMPLETE") }
    for keyword in ["S_REFPIX", "S_PERSIS"] { #expect(header.string(keyword) == "SKIPPED") }
    #expect(header.string("R_BIAS") == "bias.fits")
    #expect(header.string("R_SATURA") == "saturation.fits")
    #expect(header.string("R_NONLIN") == "coefficients\(interleaved)\(factor).fits")
    let flags = try #require(rate.quality)
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        let value = rate.science[x, y]
        switch (x, y) {
        case (3, 2):
          // Without coefficients: the counts as they were measured, up to 5 % less.
          #expect(value < 7900 && value > 7200)
          #expect(flags[x, y] & DQ.noLinCorr != 0)
        case (6, 2):
          #expect(flags[x, y] & DQ.unreliableBias != 0)
        default:
          #expect(abs(value - 8000) < 2, "(\(x), \(y)): \(value)")
          #expect(flags[x, y] & (DQ.noLinCorr | DQ.unreliableBias) == 0)
        }
        #expect((flags[x, y] & DQ.saturated != 0) == (x == 5 && y == 5))
        #expect((flags[x, y] & DQ.noSatCheck != 0) == (x == 26))
      }
    }
  }

  /// Read noise over gain makes the read variance, and 1 / gain the photons'; coadds divide both.
  @Test(arguments: [(false, 1), (true, 1), (true, 4), (false, 4)])
  func gainAndReadNoiseAreOfTheReferencesAndOfTheCoadds(_ fromReferences: Bool, _ coadds: Int) throws {
    let bench = try Bench()
    let file = try ramp(bench, cards: coadds == 1 ? [] : [Card("NCOADDS", coadds)])
    let references = [
      Bench.reference("gain", try image(bench, "gain.fits", unit: "electron/adu") { _, _ in 4 }),
      Bench.reference("readnoise", try image(bench, "readnoise.fits", unit: "electron") { _, _ in 40 }),
    ]
    let report = try bench.run(
      .readout, [(file, .science)], references: fromReferences ? references : [],
      settings: ["ramp_fit.method": "utr"], skip: ["jump"])
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    let rate = try bench.product()
    let (gain, noise): (Float, Float) = fromReferences ? (4, 40) : (2, 10)
    let n: Float = 6
    let read = (noise / gain) * (noise / gain) * 12 / (n * n * n - n) / Float(coadds)
    let value = rate.science[9, 4]
    let photons = value / gain * 1.2 * (n * n + 1) / (n * (n * n - 1)) / Float(coadds)
    let found = try #require(rate.varianceReadNoise)[9, 4]
    #expect(abs(found / read - 1) < 1e-4, "\(found) \(read)")
    let foundPhotons = try #require(rate.variancePoisson)[9, 4]
    #expect(abs(foundPhotons / photons - 1) < 1e-4, "\(foundPhotons) \(photons)")
    let names = ["R_GAIN", "R_READNO"].map { rate.header.string($0) ?? "absent" }
    if fromReferences { #expect(names == ["gain.fits", "readnoise.fits"]) }
    // Two steps use them: each is named once.
    let both = try Bench()
    _ = try both.run(.readout, [(try ramp(both), .science)], references: references)
    #expect(try both.product().header.string("R_GAIN") == "gain.fits")
  }

  /// Nothing to do is SKIPPED with a sentence, and no degraded product.
  @Test func withoutReferencesTheStepsSaySo() throws {
    let bench = try Bench()
    let report = try bench.run(.readout, [(try ramp(bench), .science)])
    #expect(report.status == .succeeded)
    #expect(report.degraded.isEmpty, "\(report.degraded)")
    for name in ["saturation", "superbias", "reference_pixels", "linearity", "persistence"] {
      let step = try #require(report.steps.first { $0.name == name })
      #expect(step.status == .skipped)
      #expect((step.reason ?? "").count > 10, "\(name)")
    }
  }

  /// The zero matters: it is said where counts still hold the bias, and the first read can stand in for it.
  @Test func linearityAsksForTheZero() throws {
    let bench = try Bench()
    let file = try ramp(bench)
    let reference = Bench.reference("nonlincoeff", try coefficients(bench))
    let without = try bench.run(.readout, [(file, .science)], references: [reference])
    #expect(without.degraded.contains { $0.contains("reset_read") })
    let report = try bench.run(
      .readout, [(file, .science)], references: [reference],
      settings: ["superbias.source": "reset_read"], product: "b.fits")
    #expect(report.status == .succeeded)
    #expect(report.degraded.isEmpty)
    #expect(try bench.product("b.fits").header.string("S_BIAS") == "COMPLETE")
  }

  @Test func aLevelStandsForTheReference() throws {
    let bench = try Bench()
    let file = try ramp(bench)
    let report = try bench.run(
      .readout, [(file, .science)], settings: ["saturation.level": "30000", "saturation.n_pix_grow_sat": "2"])
    #expect(report.status == .succeeded)
    let rate = try bench.product()
    // Four reads of 8000 counts are below: the fit has them only.
    #expect(rate.quality?.elements.allSatisfy { $0 & DQ.saturated != 0 } == true)
    #expect(rate.header.string("S_SATURA") == "COMPLETE")
  }

  @Test func referencesOfOtherDetectorsAndUnitsAreRefused() throws {
    let bench = try Bench()
    let file = try ramp(bench)
    let rate = Bench.reference("bias", try image(bench, "rate.fits", unit: "adu/s") { _, _ in 1 })
    let wrong = try bench.run(.readout, [(file, .science)], references: [rate], product: "w.fits")
    #expect(wrong.error?.code == "unit-mismatch")
    let small = Bench.reference(
      "saturation", try bench.frame("small.fits", value: 1, error: nil, unit: "adu", width: 20, height: 20))
    let outside = try bench.run(.readout, [(file, .science)], references: [small], product: "o.fits")
    #expect(outside.error?.code == "reference-window")
    #expect(outside.error?.message.contains("[5:28, 9:18]") == true)
    let flat = Bench.reference(
      "nonlincoeff", try bench.frame("flat.fits", value: 1, error: nil, unit: "adu", width: 40, height: 30))
    #expect(
      try bench.run(.readout, [(file, .science)], references: [flat], product: "f.fits").error?.code
        == "cube-axes")
  }

  /// The reference pipeline's ramp and coefficients as it writes them (number, x, y), through the step alone: its own
  /// result, to a relative 1e-5, but for reads that are flagged saturated.
  @Test func theReferencePipelinesFilesGiveItsResult() throws {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden").path
    let bench = try Bench()
    let report = try bench.run(
      Pipeline(running: LinearityStep.self), [("\(golden)/native/ramp_48.fits", .science)],
      references: [Bench.reference("nonlincoeff", "\(golden)/native/nonlin_48.fits")])
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    let ours = try RampSource(reading: "\(bench.path)/out/product.fits").band(0..<48)
    let file = try FITSFile(reading: "\(golden)/nonlin_out.fits")
    let kernel: [Float] = try file.pixels(of: try #require(try file.index(ofExtension: "KERNEL")))
    for i in 0..<2304 {
      for k in 0..<2 {
        for j in 0..<10 {
          let expected = kernel[(i * 2 + k) * 10 + j]
          let value = ours.samples[k, j, i % 48, i / 48]
          // The reference corrects what it has itself flagged as saturated; the polynomial says nothing of that.
          if UInt32(ours.groupQuality[k, j, i % 48, i / 48]) & DQ.saturated != 0 {
            #expect(value == 65535)
            continue
          }
          #expect(abs(value - expected) <= 1e-5 * max(abs(expected), 1))
        }
      }
    }
  }

  /// Levels of channels that drift from read to read, and noise that all rows share, over a ramp of a detector whose
  /// border is given.
  @Test func driftsOfTheElectronicsGo() throws {
    let bench = try Bench()
    var samples = Ramp<Float>(integrations: 1, reads: 5, height: 64, width: 64, repeating: 0)
    for j in 0..<5 {
      for y in 0..<64 {
        for x in 0..<64 {
          let isDark = x < 4 || y < 4 || x >= 60 || y >= 60
          let row = Float((y * 31 + j * 17) % 23) - 11
          samples[0, j, x, y] =
            (isDark ? 0 : Float(100 * j)) + Float((x / 16 + 1) * j * j * 9) + Float(x % 2 * 3 * j) + row
        }
      }
    }
    let path = bench.path + "/r_ramp.fits"
    try RampModel(
      header: Header([
        Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("GAIN", 1.0), Card("READNOIS", 5.0),
      ]), samples: .float32(samples), times: [[1, 2, 3, 4, 5]]
    ).write(to: path)
    let report = try bench.run(
      .readout, [(path, .science)],
      settings: ["reference_pixels.border": "4", "reference_pixels.channels": "4"])
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    #expect(report.steps.first { $0.name == "reference_pixels" }?.status == .complete)
    let rate = try bench.product()
    for y in 4..<60 {
      for x in 4..<60 { #expect(abs(rate.science[x, y] - 100) < 0.1, "(\(x), \(y))") }
    }
    let seven = try bench.run(
      .readout, [(path, .science)],
      settings: ["reference_pixels.border": "40", "reference_pixels.channels": "4"], product: "b.fits")
    #expect(seven.steps.first { $0.name == "reference_pixels" }?.status == .skipped)
  }

  @Test func pixelsSaturatedShortlyBeforeAreFlagged() throws {
    let bench = try Bench()
    let file = try ramp(bench, cards: [Card("DATE-END", "2026-07-14T09:00:10")])
    func frame(_ name: String, _ end: String, _ x: Int, detector: String = "IMG1") throws -> String {
      let full = try bench.frame(
        name, value: 1, width: 40, height: 30, cards: [Card("DATE-END", end)]
      ) { $0.quality?[x, 12] = DQ.saturated }
      if detector != "IMG1" {
        let updating = try FITSFile(updating: full)
        try updating.setCard(Card("DETECTOR", detector), of: 0)
        try updating.close()
      }
      return full
    }
    let files = [
      try frame("near.fits", "2026-07-14T08:59:00", 10), try frame("far.fits", "2026-07-14T08:50:00", 11),
      try frame("later.fits", "2026-07-14T09:00:05", 12),
      try frame("other.fits", "2026-07-14T08:59:00", 13, detector: "IMG2"),
    ]
    let report = try bench.run(
      .readout, [(file, .science)], settings: ["persistence.previous": files.joined(separator: ",")])
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    let rate = try bench.product()
    #expect(rate.header.string("S_PERSIS") == "COMPLETE")
    let flags = try #require(rate.quality)
    #expect(flags[6, 4] & DQ.persistence != 0)
    #expect(flags.elements.count { $0 & DQ.persistence != 0 } == 1)
  }
}
