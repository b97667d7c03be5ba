import DataModels
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import SharedSteps
import Testing

/// The mesh background on small and on hopeless frames.
@Suite struct Background2DTests {
  private static let pipeline = Pipeline(running: Background2DStep.self)

  /// A subarray smaller than a box: one box, its level is subtracted everywhere, flagged pixels included.
  @Test(arguments: ["sep", "biweight"])
  func subarraySmallerThanABox(method: String) throws {
    let bench = try Bench()
    let cards = [
      Card("SUBARRAY", "SUB"), Card("SUBSTRT1", 101), Card("SUBSTRT2", 51), Card("SUBSIZE1", 40),
      Card("SUBSIZE2", 20), Card("BKGLEVEL", -3.0),
    ]
    let file = try bench.frame("sub.fits", value: 50, width: 40, height: 20, cards: cards) { model in
      for y in 0..<20 { for x in 0..<40 { model.science[x, y] += Float((x * 7 + y * 13) % 5) - 2 } }
      model.science[3, 4] = 9000
      model.quality?[3, 4] = DQ.hot | DQ.doNotUse
      model.science[9, 9] = .nan
    }
    let report = try bench.run(Self.pipeline, [(file, .science)], settings: ["method": method])
    #expect(report.status == .succeeded && report.degraded.isEmpty)
    let product = try bench.product()
    #expect(abs(product.science[3, 4] - 8950) < 1)
    #expect(product.quality?[3, 4] == DQ.hot | DQ.doNotUse)
    #expect(product.science[9, 9].isNaN)
    #expect(abs(median(of: product.science)) < 1)
    #expect(product.error == Plane(width: 40, height: 20, repeating: 1))
    // Over the 3 that were given back before.
    #expect(product.header.double("BKGLEVEL").map { abs($0 - 47) < 1 } == true)
    #expect(product.extraPlanes.isEmpty)
  }

  /// Nothing is subtracted twice.
  @Test func aSecondRunIsSkipped() throws {
    let bench = try Bench()
    let file = try bench.frame("frame.fits", value: 50, width: 64, height: 64)
    #expect(try bench.run(Self.pipeline, [(file, .science)]).status == .succeeded)
    let again = try bench.run(
      Self.pipeline, [("\(bench.path)/out/product.fits", .science)], product: "again.fits")
    #expect(again.steps.map(\.status) == [.skipped])
    #expect(try bench.product("again.fits").science[5, 5] == 0)
  }

  @Test(arguments: ["sep", "median"])
  func aFrameWithoutGoodPixelsIsLeftAlone(method: String) throws {
    let bench = try Bench()
    let file = try bench.frame("bad.fits", value: 50, width: 64, height: 64) { model in
      for y in 0..<64 { for x in 0..<64 { model.quality?[x, y] = DQ.doNotUse } }
    }
    let report = try bench.run(Self.pipeline, [(file, .science)], settings: ["method": method])
    #expect(report.degraded == ["bad.fits has too few good pixels for a background"])
    #expect(try bench.product().science[5, 5] == 50)
  }

  @Test func anEvenFilterIsRefusedWhereItHasNoMiddle() throws {
    let bench = try Bench()
    let file = try bench.frame("frame.fits", value: 50, width: 64, height: 64)
    let report = try bench.run(
      Self.pipeline, [(file, .science)], settings: ["method": "median", "filter_size": "4"])
    #expect(report.error?.code == "filter-size")
  }
}
