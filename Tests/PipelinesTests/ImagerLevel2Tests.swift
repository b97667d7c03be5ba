import DataModels
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

@Suite struct ImagerLevel2Tests {
  /// science 100 ± 3, dark 10 ± 1, skies of 40 ± 2, flat 0.5 ± 0: with k = 1 the dark cancels, value and error.
  @Test func aSharedDarkCancelsExactly() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, error: 3)
    let sky = try bench.frame("sky.fits", value: 40, error: 2)
    let dark = try bench.frame("dark.fits", value: 10, error: 1)
    let flat = try bench.frame("flat.fits", value: 0.5, error: 0, unit: "")
    let report = try bench.run(
      .imagerLevel2, [(science, .science), (sky, .background)],
      references: [Bench.reference("dark", dark), Bench.reference("flat", flat)])
    #expect(report.status == .succeeded)
    #expect(report.degraded == [])
    let product = try bench.product()
    #expect(product.science[3, 2] == 120)
    #expect(abs((product.error?[3, 2] ?? 0) - Float(13).squareRoot() / 0.5) < 1e-5)
    #expect(
      report.steps.map(\.name) == [
        "parse_subarray_map", "dq_init", "bkg_subtract", "assign_wcs", "dark_current", "flat_field",
        "lacosmic",
        "photom", "resample",
      ])
    #expect(product.header.string("S_DARK") == "COMPLETE")
    #expect(product.header.string("S_WCS") == "SKIPPED")
    #expect(product.header.string("R_DARK") == "dark.fits")
    #expect(product.header.double("SKYLEVEL") == 40)
  }

  /// The level of a sky that rises from row to row is that of its middle.
  @Test func levelsOfSkiesAreOfAllTheirRows() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, width: 16, height: 200)
    let sky = try bench.frame("sky.fits", value: 0, width: 16, height: 200) { model in
      for y in 0..<200 { for x in 0..<16 { model.science[x, y] = Float(y) } }
    }
    let report = try bench.run(
      .imagerLevel2, [(science, .science), (sky, .background)], skip: ["dark_current", "flat_field"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let level = try #require(try bench.product().header.double("SKYLEVEL"))
    #expect(abs(level - 99.5) <= 1, "\(level)")
  }

  /// With k = 0.5: 100 - 10 - 0.5 (40 - 10) = 75; the dark's variance enters as (1 - k)².
  @Test(arguments: [Float(0), 0.5, 2])
  func aSharedDarkEntersTheVarianceAsOneMinusKSquared(_ k: Float) throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, error: 3)
    let sky = try bench.frame("sky.fits", value: 40, error: 2)
    let dark = try bench.frame("dark.fits", value: 10, error: 4)
    let report = try bench.run(
      .imagerLevel2, [(science, .science), (sky, .background)], references: [Bench.reference("dark", dark)],
      settings: ["bkg_subtract.scale": "\(k)"], skip: ["flat_field"])
    #expect(report.status == .succeeded)
    let product = try bench.product()
    #expect(abs(product.science[0, 0] - (90 - k * 30)) < 1e-4)
    #expect(product.header.double("SKYLEVEL") == Double(40 * k))
    let variance = 9 + k * k * 4 + (1 - k) * (1 - k) * 16
    #expect(abs((product.error?[0, 0] ?? 0) - variance.squareRoot()) < 1e-5)
  }

  @Test func aCalibratedBackgroundLeavesTheScienceItsOwnDark() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, error: 3)
    let sky = try bench.frame("sky.fits", value: 30, error: 2, cards: [Card("S_DARK", "COMPLETE")])
    let dark = try bench.frame("dark.fits", value: 10, error: 1)
    _ = try bench.run(
      .imagerLevel2, [(science, .science), (sky, .background)], references: [Bench.reference("dark", dark)],
      skip: ["flat_field"])
    #expect(try bench.product().science[0, 0] == 60)
  }

  @Test func severalSkiesAreCombined() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let skies = try [38, 40, 43].map { try bench.frame("sky\($0).fits", value: Float($0), error: 2) }
    let dark = try bench.frame("dark.fits", value: 10, error: 1)
    _ = try bench.run(
      .imagerLevel2, [(science, .science)] + skies.map { ($0, .background) },
      references: [Bench.reference("dark", dark)], skip: ["flat_field"])
    let product = try bench.product()
    #expect(product.science[0, 0] == 60)
    let variance = 1 + 4 / 3 * 1.157 * 1.157
    #expect(abs(Double(product.error?[0, 0] ?? 0) - variance.squareRoot()) < 1e-4)
  }

  @Test func whatIsMissingIsFlaggedAndDegrades() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    #expect(report.status == .succeeded)
    #expect(report.degraded.count == 3)
    let product = try bench.product()
    #expect(product.science[0, 0] == 100)
    #expect(product.quality?[0, 0] == DQ.unreliableDark | DQ.unreliableFlat)
    for keyword in ["S_DARK", "S_FLAT", "S_BKDSUB", "S_DQINIT"] {
      #expect(product.header.string(keyword) == "SKIPPED")
    }
  }

  @Test func aDarkOfTheLastResortIsFlaggedEverywhere() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let dark = try bench.frame("dark.fits", value: 10)
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", dark, lastResort: true)],
      skip: ["flat_field", "bkg_subtract"])
    #expect(report.degraded.contains { $0.contains("last resort") })
    let product = try bench.product()
    #expect(product.science[0, 0] == 90)
    #expect((product.quality?[0, 0] ?? 0) & DQ.unreliableDark != 0)
    #expect(product.header.string("S_DARK") == "COMPLETE")
  }

  @Test func nanInTheDarkSubtractsNothingAndFlags() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let dark = try bench.frame("dark.fits", value: 10) { $0.science[1, 1] = .nan }
    _ = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", dark)], skip: ["flat_field"])
    let product = try bench.product()
    #expect(product.science[1, 1] == 100)
    #expect(product.quality?[1, 1] == DQ.unreliableDark)
    #expect(product.science[2, 1] == 90)
  }

  @Test func referencesAreCutToTheWindow() throws {
    let bench = try Bench()
    let window = [Card("SUBSTRT1", 3), Card("SUBSTRT2", 2), Card("SUBSIZE1", 4), Card("SUBSIZE2", 2)]
    let science = try bench.frame("sci.fits", value: 100, width: 4, height: 2, cards: window)
    let dark = try bench.frame("dark.fits", value: 0) { model in
      for y in 0..<4 { for x in 0..<8 { model.science[x, y] = Float(10 * y + x) } }
    }
    _ = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", dark)], skip: ["flat_field"])
    let product = try bench.product()
    #expect(product.science[0, 0] == 100 - 12)
    #expect(product.science[3, 1] == 100 - 25)
  }

  @Test func windowsThatDoNotFitAreShownBoth() throws {
    let bench = try Bench()
    let window = [Card("SUBSTRT1", 6), Card("SUBSTRT2", 1), Card("SUBSIZE1", 4), Card("SUBSIZE2", 2)]
    let science = try bench.frame("sci.fits", value: 100, width: 4, height: 2, cards: window)
    let dark = try bench.frame("dark.fits", value: 0)
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", dark)])
    #expect(report.status == .failed)
    #expect(report.exitCode == 65)
    #expect(report.error?.code == "reference-window")
    #expect(report.error?.message.contains("[6:9, 1:2]") == true)
    #expect(report.error?.message.contains("[1:8, 1:4]") == true)
    #expect(report.steps.last?.status == .failed)
  }

  @Test func summedFramesBecomeRatesAndSaySo() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 1000, error: 20, unit: "adu")
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    let product = try bench.product()
    #expect(product.science[0, 0] == 100)
    #expect(product.error?[0, 0] == 2)
    #expect(product.unit == "adu/s")
    #expect(report.notes.contains { $0.contains("divided by EXPTIME = 10.0 s") })
  }

  @Test func framesWithoutErrorsGetThemFromGainAndReadNoise() throws {
    let bench = try Bench()
    let noise = [Card("GAIN", 2.0), Card("READNOIS", 10.0), Card("READMODE", "CDS")]
    let science = try bench.frame("sci.fits", value: 100, error: nil, cards: noise)
    _ = try bench.run(.imagerLevel2, [(science, .science)])
    let variance = 100.0 / 10 / 2 + 2 * 100.0 / 4 / 100
    #expect(abs(Double(try bench.product().error?[0, 0] ?? 0) - variance.squareRoot()) < 1e-5)
  }

  @Test func framesWithoutAnyNoiseFiguresGetTheirScatterAndAFlag() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, error: nil, width: 64, height: 64) { model in
      for y in 0..<64 { for x in 0..<64 { model.science[x, y] += x % 2 == 0 ? 1 : -1 } }
    }
    _ = try bench.run(.imagerLevel2, [(science, .science)])
    let product = try bench.product()
    #expect(abs((product.error?[0, 0] ?? 0) - 2 * 1.4826 / Float(2).squareRoot()) < 1e-4)
    #expect((product.quality?[5, 5] ?? 0) & DQ.unreliableError != 0)
  }

  @Test func unitsAreNeverMixed() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let dark = try bench.frame("dark.fits", value: 1, unit: "electron/s")
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", dark)])
    #expect(report.error?.code == "unit-mismatch")
    #expect(report.exitCode == 65)
  }

  @Test(arguments: [Double.nan, 0, -1])
  func impossibleExposureTimesAreRefused(_ seconds: Double) throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, unit: "adu") { model in
      if seconds.isNaN { model.header.remove("EXPTIME") } else { model.header.set("EXPTIME", .real(seconds)) }
    }
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    #expect(report.error?.code == "impossible-exposure-time")
    #expect(report.exitCode == 65)
  }
}
