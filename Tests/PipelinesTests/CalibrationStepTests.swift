import DataModels
import FITSIO
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// Steps of calibration products run on their own, as `tmtrun STEP` does.
@Suite struct CalibrationStepTests {
  private static func alone(_ name: String) throws -> Pipeline {
    guard case .step(let step) = try PipelineCatalog.registry.target(named: name) else {
      throw EngineError("not-a-step", "it is a pipeline", subject: name)
    }
    return Pipeline(running: step)
  }

  @Test func gainOfTheHeaderTurnsRatesIntoElectrons() throws {
    let bench = try Bench()
    let cards = [
      Card("GAIN", 3.0), Card("SKYLEVEL", 4.0), Card("BKGLEVEL", -2.0, comment: "subtracted, adu/s"),
      Card("BKGNOISE", 0.5),
    ]
    let file = try bench.frame("a.fits", value: 10, error: 2, cards: cards) {
      $0.scienceHeader.set("ZPAB", .real(25))
    }
    let report = try bench.run(try Self.alone("gain_scale"), [(file, .science)])
    #expect(report.status == .succeeded)
    let product = try bench.product()
    #expect(product.unit == "electron/s")
    #expect(product.science[0, 0] == 30 && product.error?[0, 0] == 6)
    #expect(product.header.double("GAINFACT") == 3 && product.header.double("SKYLEVEL") == 12)
    #expect(product.header.double("BKGLEVEL") == -6 && product.header.double("BKGNOISE") == 1.5)
    #expect(product.header.card("BKGLEVEL")?.comment == "subtracted, electron/s")
    #expect(product.scienceHeader.double("ZPAB") == 25 && product.scienceHeader.string("ZPUNIT") == "adu/s")
    #expect(product.header.string("S_GANSCL") == "COMPLETE")
    let again = try bench.run(
      try Self.alone("gain_scale"), [(bench.path + "/out/product.fits", .science)], product: "again.fits")
    #expect(again.steps.map(\.status) == [.skipped])
    #expect(try bench.product("again.fits").science[0, 0] == 30)
  }

  /// A unit that either header names is that of the zero points, wherever these stand.
  @Test(arguments: [true, false]) func unitsOfZeroPointsAreNotOverruled(_ isNamed: Bool) throws {
    let bench = try Bench()
    let unit = isNamed ? [Card("ZPUNIT", "electron/s")] : []
    let file = try bench.frame("a.fits", value: 10, cards: [Card("GAIN", 3.0), Card("ZPAB", 24.0)] + unit) {
      $0.scienceHeader.set("ZPAB", .real(25))
    }
    #expect(try bench.run(try Self.alone("gain_scale"), [(file, .science)]).status == .succeeded)
    let product = try bench.product()
    #expect(product.header.string("ZPUNIT") == (isNamed ? "electron/s" : nil))
    #expect(product.scienceHeader.string("ZPUNIT") == (isNamed ? nil : "adu/s"))
  }

  @Test func gainImagesAreCutAndTheirHolesFlagged() throws {
    let bench = try Bench()
    let file = try bench.frame(
      "a.fits", value: 10, error: 2, width: 2, height: 2,
      cards: [
        Card("SUBARRAY", "CUSTOM"), Card("SUBSTRT1", 4), Card("SUBSTRT2", 2), Card("SUBSIZE1", 2),
        Card("SUBSIZE2", 2),
      ])
    let gain = try bench.frame("gain.fits", value: 3, error: 0.1, unit: "electron/adu") { model in
      model.science[3, 1] = 4
      model.science[4, 1] = .nan
      model.quality?[3, 2] = DQ.warm
    }
    let report = try bench.run(
      try Self.alone("gain_scale"), [(file, .science)], references: [Bench.reference("gain", gain)])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let product = try bench.product()
    #expect(product.science.elements == [40, 30, 30, 30])
    #expect(abs((product.error?[0, 0] ?? 0) - (64 + 1 as Float).squareRoot()) < 1e-5)
    #expect(product.quality?.elements == [0, DQ.noGainValue | DQ.doNotUse, DQ.warm, 0])
  }

  @Test func gainMayBeOneNumberOfAReference() throws {
    let bench = try Bench()
    let file = try bench.frame("a.fits", value: 10, error: 2, cards: [Card("GAIN", 3.0)])
    let path = bench.path + "/gain.fits"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header([Card("GAIN", 2.5), Card("REFTYPE", "GAIN")]))
    _ = try writer.commit(replacing: false)
    let report = try bench.run(
      try Self.alone("gain_scale"), [(file, .science)], references: [Bench.reference("gain", path)])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    #expect(try bench.product().science[0, 0] == 25)
  }

  @Test func withoutGainNothingIsSilent() throws {
    let bench = try Bench()
    let file = try bench.frame("a.fits", value: 10, error: 2)
    let report = try bench.run(try Self.alone("gain_scale"), [(file, .science)])
    #expect(report.steps.map(\.status) == [.skipped] && report.degraded.count == 1)
    let product = try bench.product()
    #expect(product.unit == "adu/s" && product.science[0, 0] == 10)
    #expect(product.quality?[0, 0] == DQ.noGainValue)
  }

  /// Electrons meet no DN: a dark in adu/s is refused for a frame in electron/s, and so is a mixed pair.
  @Test func electronsAndCountsAreNotMixed() throws {
    let bench = try Bench()
    let electrons = try bench.frame("e.fits", value: 10, unit: "electron/s")
    let counts = try bench.frame("c.fits", value: 10)
    let dark = try bench.run(
      try Self.alone("dark_current"), [(electrons, .science)], references: [Bench.reference("dark", counts)])
    #expect(dark.error?.code == "unit-mismatch")
    let pair = try bench.run(
      try Self.alone("subtract_images"), [(electrons, .science), (counts, .science)], product: "b.fits")
    #expect(pair.error?.code == "unit-mismatch" && pair.error?.subject == "c.fits")
    let combined = try bench.run(
      try Self.alone("combine_frames"), [(electrons, .science), (counts, .science)], product: "c.fits")
    #expect(combined.error?.code == "unit-mismatch")
    let flat = try bench.frame("flat.fits", value: 1, unit: "")
    let scaled = try bench.run(try Self.alone("gain_scale"), [(flat, .science)], product: "d.fits")
    #expect(scaled.error?.code == "unit-mismatch")
  }

  @Test(arguments: [MemberType.science, .background])
  func oneImageIsSubtractedFromAnother(second: MemberType) throws {
    let bench = try Bench()
    let a = try bench.frame("a.fits", value: 10, error: 3) { $0.quality?[0, 0] = DQ.warm }
    let b = try bench.frame("b.fits", value: 4, error: 4) { $0.quality?[0, 0] = DQ.saturated }
    let report = try bench.run(
      try Self.alone("subtract_images"), [(a, .science), (b, second)],
      settings: ["subtract_images.scale": "0.5"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let product = try bench.product()
    #expect(product.science[0, 0] == 8)
    #expect(abs((product.error?[0, 0] ?? 0) - Float(13).squareRoot()) < 1e-6)
    #expect(product.quality?[0, 0] == DQ.warm | DQ.saturated)
    #expect(product.header.double("DARKSHAR") == 0.5)
    // Half of the dark is left, and no more is taken out later.
    let dark = try bench.frame("dark.fits", value: 2, error: 0)
    let later = try bench.run(
      try Self.alone("dark_current"), [(bench.path + "/out/product.fits", .science)],
      references: [Bench.reference("dark", dark)], product: "later.fits")
    #expect(later.status == .succeeded)
    #expect(try bench.product("later.fits").science[0, 0] == 7)
    #expect(try bench.product("later.fits").header.double("DARKSHAR") == nil)
  }

  @Test func otherNumbersAndWindowsAreRefused() throws {
    let bench = try Bench()
    let a = try bench.frame("a.fits", value: 10)
    let three = try bench.run(
      try Self.alone("subtract_images"), [(a, .science), (a, .science), (a, .science)])
    #expect(three.error?.code == "wrong-members")
    let small = try bench.frame("small.fits", value: 10, width: 4)
    let pair = try bench.run(
      try Self.alone("subtract_images"), [(a, .science), (small, .science)], product: "b.fits")
    #expect(pair.error?.code == "wrong-window")
  }

  @Test func theFlatsVarianceIsKeptApartWhenAsked() throws {
    let bench = try Bench()
    let science = try bench.frame("a.fits", value: 100, error: 3)
    let flat = try bench.frame("flat.fits", value: 0.5, error: 0.02, unit: "") { $0.science[1, 0] = 0 }
    let report = try bench.run(
      try Self.alone("flat_field"), [(science, .science)], references: [Bench.reference("flat", flat)],
      settings: ["flat_field.save_var_flat": "True"])
    #expect(report.status == .succeeded)
    let product = try bench.product()
    let part = try #require(product.varianceFlat)
    #expect(abs(part[0, 0] - 64) < 1e-3)
    #expect(part[1, 0] == 0)
    #expect(abs((product.error?[0, 0] ?? 0) - Float(36 + 64).squareRoot()) < 1e-4)
    let plain = try bench.run(
      try Self.alone("flat_field"), [(science, .science)], references: [Bench.reference("flat", flat)],
      product: "plain.fits")
    #expect(plain.status == .succeeded)
    #expect(try bench.product("plain.fits").varianceFlat == nil)
  }

  @Test func flatsOutsideTheLinearRangeAreLeftOutWithAReason() throws {
    let bench = try Bench()
    let cards = [Card("GAIN", 3.0), Card("OBSNAME", "IMG1-NFF")]
    // 10 s at 3 e-/adu: 90, 30,000, 33,000 and 75,000 electrons.
    let files = try [3, 1000, 1100, 2500].map {
      try bench.frame("flat\($0).fits", value: Float($0), cards: cards)
    }
    let report = try bench.run(
      .processFlatfield, files.map { ($0, .flat) }, settings: ["combine_frames.good_frames": "2"],
      skip: ["dark_current"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    #expect(
      report.degraded.contains { $0.hasPrefix("flat3.fits was left out") && $0.contains("90 electrons") })
    #expect(report.degraded.contains { $0.hasPrefix("flat2500.fits was left out") && $0.contains("75000") })
    let flat = try bench.product()
    #expect(flat.header.integer("NFRAMES") == 2)
    // The level before every division, and the chip's share of the sequence.
    #expect(abs((flat.header.double("NORMLEVL") ?? 0) - 1050) < 0.01)
    #expect(abs((flat.header.double("CHIPSCAL") ?? 0) - 1050) < 0.01)
    let none = try bench.run(
      .processFlatfield, [(files[0], .flat)], skip: ["dark_current"], product: "none.fits")
    #expect(none.error?.code == "flat-level")
  }

  @Test func flatsWithoutGainAreKeptAndThatIsSaid() throws {
    let bench = try Bench()
    let file = try bench.frame("flat.fits", value: 3)
    let report = try bench.run(.processFlatfield, [(file, .flat)], skip: ["dark_current"])
    #expect(report.status == .succeeded)
    #expect(report.steps.first { $0.name == "select_flats" }?.status == .skipped)
  }

  @Test func chipsAreCountedInAReferenceLevel() throws {
    let bench = try Bench()
    let file = try bench.frame("flat.fits", value: 300)
    _ = try bench.run(
      try Self.alone("normalize"), [(file, .science)], settings: ["normalize.chip_reference": "250"])
    #expect(try bench.product().header.double("CHIPSCAL") == 1.2)
  }

  /// One dark of six lies 1 adu/s, a third of a pixel's noise, above the rest.
  @Test func aLightLeakIsDroppedAndNamed() throws {
    let bench = try Bench()
    let files = try [0, 0.01, -0.01, 1, 0.02, 0].enumerated().map { index, level in
      try bench.frame("dark\(index).fits", value: 10 + Float(level), error: 3, width: 64, height: 64)
    }
    let report = try bench.run(.createDark, files.map { ($0, .dark) })
    #expect(report.status == .succeeded)
    #expect(report.notes.contains { $0.hasPrefix("dark3.fits was left out") && $0.contains("light leak") })
    #expect(report.notes.filter { $0.contains("light leak") }.count == 1)
    #expect(try bench.product().header.integer("NFRAMES") == 5)
    // A brighter sky over all frames is no leak.
    let even = try bench.run(
      .createDark, files.map { ($0, .dark) }, settings: ["combine_frames.light_leak": "0"],
      product: "all.fits")
    #expect(even.status == .succeeded)
    #expect(try bench.product("all.fits").header.integer("NFRAMES") == 6)
  }

  @Test func fewSurvivorsKeepTheirOutliers() throws {
    let bench = try Bench()
    let files = try [10, 10.1, 9.9, 90].enumerated().map { index, value in
      try bench.frame("f\(index).fits", value: Float(value), error: 0.1)
    }
    for (survivors, expected) in [(3, Float(10)), (4, Float(10.05))] {
      let name = "s\(survivors).fits"
      let report = try bench.run(
        try Self.alone("combine_frames"), files.map { ($0, .science) },
        settings: ["combine_frames.min_survivors": "\(survivors)"], product: name)
      #expect(report.status == .succeeded)
      let value = try bench.product(name).science[0, 0]
      #expect(abs(value - expected) < 1e-5)
    }
  }

  /// A mask is flags alone, and reads as a mask.
  @Test func aMaskOfDarksAndFlatsHoldsFlagsAlone() throws {
    let bench = try Bench()
    var members: [(String, MemberType)] = []
    for j in 0..<5 {
      let dark = try bench.frame(
        "d\(j).fits", value: 1, error: 0.1, width: 64, height: 64, cards: [Card("IFRAME", j)]
      ) {
        model in
        for i in 0..<64 * 64 { model.science[i % 64, i / 64] += 0.01 * Float((i * 7 + j * 13) % 11) }
        model.science[5, 6] = 40
      }
      members.append((dark, .dark))
    }
    let flat = try bench.frame("f.fits", value: 1001, width: 64, height: 64) { $0.science[9, 8] = 0 }
    let report = try bench.run(.createMask, members + [(flat, .flat)])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let mask = try ReferenceModel(reading: bench.path + "/out/product.fits", expecting: "MASK")
    #expect(mask.image.header.string("DATAMODL") == "TMTMaskModel")
    #expect(mask.image.quality?[5, 6] == DQ.hot | DQ.doNotUse)
    #expect(mask.image.quality?[9, 8] == DQ.dead | DQ.doNotUse)
    #expect(mask.image.quality?.elements.filter { $0 != 0 }.count == 2)
    let file = try FITSFile(reading: bench.path + "/out/product.fits")
    #expect(try file.index(ofExtension: "SCI") == nil)
    // It serves dq_init.
    let science = try bench.frame("s.fits", value: 1, width: 64, height: 64)
    let used = try bench.run(
      try Self.alone("dq_init"), [(science, .science)],
      references: [Bench.reference("mask", bench.path + "/out/product.fits")], product: "used.fits")
    #expect(used.status == .succeeded)
    #expect(try bench.product("used.fits").quality?[5, 6] == DQ.hot | DQ.doNotUse)
    let alone = try bench.run(.createMask, members, product: "darks.fits")
    #expect(alone.status == .succeeded && alone.degraded.count == 1)
  }
}
