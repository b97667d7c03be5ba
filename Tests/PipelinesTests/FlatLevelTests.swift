import DataModels
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// What the level of a flat is, and what is kept of it.
@Suite struct FlatLevelTests {
  private static let cards = [Card("GAIN", 3.0), Card("OBSNAME", "IMG1-NFF")]

  /// Sky flats are divided by their levels before they are combined; those are not lost.
  @Test func theLevelOfSkyFlatsIsKept() throws {
    let bench = try Bench()
    let files = try [100, 200, 600].enumerated().map { index, level in
      try bench.frame("sky\(index).fits", value: Float(level), width: 64, height: 48)
    }
    let report = try bench.run(
      .flatFromSky, files.map { ($0, .science) }, skip: ["dark_current", "mask_sources"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let flat = try bench.product()
    #expect(abs((flat.header.double("NORMLEVL") ?? 0) - 300) < 1e-3)
    #expect(abs((flat.header.double("CHIPSCAL") ?? 0) - 300) < 1e-3)
    #expect(abs(flat.science[5, 5] - 1) < 1e-6)
  }

  /// The level of the flat goes with the frame that was divided by it: a mosaic needs to know what detectors differ by.
  @Test(arguments: [true, false]) func theLevelGoesWithTheFrame(hasLevel: Bool) throws {
    let bench = try Bench()
    let flat = try bench.frame(
      "flat.fits", value: 1, error: 0.01, unit: "",
      cards: [Card("REFTYPE", "FLAT")] + (hasLevel ? [Card("CHIPSCAL", 4321.0)] : []))
    let frame = try bench.frame("sci.fits", value: 100)
    let report = try bench.run(
      .imagerLevel2, [(frame, .science)], references: [Bench.reference("flat", flat)],
      skip: ["dq_init", "bkg_subtract", "dark_current"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    #expect(try bench.product().header.double("CHIPSCAL") == (hasLevel ? 4321 : nil))
  }

  /// Frames that nothing was divided by have no level, though the header of one says so of an earlier run.
  @Test func aLevelThatIsNotCommonIsNotKept() throws {
    let bench = try Bench()
    let files = try (0..<5).map { index in
      try bench.frame("d\(index).fits", value: 10, cards: index == 0 ? [Card("COMBLEVL", 7.0)] : [])
    }
    _ = try bench.run(.createDark, files.map { ($0, .dark) })
    #expect(try bench.product().header.double("COMBLEVL") == nil)
  }

  /// A quarter of the rows is lit: the level is the light's, not that of the gaps.
  @Test func flatsOfAFewSlicesAreMade() throws {
    let bench = try Bench()
    let files = try (0..<3).map { index in
      try bench.frame(
        "flat\(index).fits", value: 0, error: 1, width: 64, height: 64, cards: Self.cards
      ) { model in
        for y in 16..<32 { for x in 0..<64 { model.science[x, y] = Float(1000 * (index + 1)) } }
        for y in 40..<44 { for x in 0..<64 { model.science[x, y] = 0.1 * Float(x % 3) } }
      }
    }
    let report = try bench.run(
      .processFlatfield, files.map { ($0, .flat) }, settings: ["select_flats.full_well": "1e6"],
      skip: ["dark_current"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    #expect(report.degraded.allSatisfy { !$0.contains("left out") })
    let flat = try bench.product()
    #expect(flat.header.integer("NFRAMES") == 3)
    #expect(abs((flat.header.double("NORMLEVL") ?? 0) - 2000) < 1e-2)
    #expect(abs(flat.science[9, 20] - 1) < 1e-6)
    #expect((flat.quality?[9, 50] ?? 0) & DQ.noFlatField != 0)
  }

  @Test func withoutAMethodNothingIsDone() throws {
    let bench = try Bench()
    let file = try bench.frame("a.fits", value: 300)
    guard case .step(let step) = try PipelineCatalog.registry.target(named: "normalize") else { return }
    let report = try bench.run(
      Pipeline(running: step), [(file, .science)], settings: ["normalize.method": "none"])
    #expect(report.steps.map(\.status) == [.skipped])
    let product = try bench.product()
    #expect(product.unit == "adu/s" && product.science[0, 0] == 300)
    #expect(product.quality?.elements.allSatisfy { $0 == 0 } == true)
    #expect(product.header.double("NORMLEVL") == nil)
  }

  /// Saturated pixels cannot be used, and are above every limit all the same.
  @Test func saturatedFlatsAreSaidToBe() throws {
    let bench = try Bench()
    let files = try [20, 4, 0].enumerated().map { index, rows in
      try bench.frame(
        "flat\(index).fits", value: 1000, width: 32, height: 32, cards: Self.cards
      ) { model in
        for y in 0..<32 {
          for x in 0..<32 where y < rows {
            model.quality?[x, y] = DQ.saturated | DQ.doNotUse
          }
          // What saturates least is what is faintest.
          for x in 0..<32 where rows == 20 && y >= rows { model.science[x, y] = 10 }
        }
      }
    }
    let report = try bench.run(.processFlatfield, files.map { ($0, .flat) }, skip: ["dark_current"])
    #expect(report.status == .succeeded, "\(String(describing: report.error))")
    let words = "flat0.fits was left out: it is saturated in"
    #expect(report.degraded.contains { $0.hasPrefix(words) }, "\(report.degraded)")
    #expect(report.degraded.filter { $0.contains("left out") }.count == 1)
    #expect(try bench.product().header.integer("NFRAMES") == 2)
  }

  /// A flat of slices that are all saturated: the gaps are no flat.
  @Test func saturatedSlicesAreSaturated() throws {
    let bench = try Bench()
    let file = try bench.frame("flat.fits", value: 0.1, width: 32, height: 32, cards: Self.cards) { model in
      for y in 0..<12 { for x in 0..<32 { model.quality?[x, y] = DQ.saturated | DQ.doNotUse } }
      for y in 12..<32 { for x in 0..<32 { model.science[x, y] = 0.1 * Float((x * 7 + y * 3) % 5 - 2) } }
    }
    let report = try bench.run(.processFlatfield, [(file, .flat)], skip: ["dark_current"])
    #expect(report.error?.code == "flat-level")
    #expect(report.error?.message.contains("saturated") == true, "\(String(describing: report.error))")
  }
}
