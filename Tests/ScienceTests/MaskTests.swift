import DataModels
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Simulator
import Testing

/// The acceptance test of bad-pixel masks (ALGORITHMS 1.3, D-BPM): injected pixels of every kind are found.
@Suite(.serialized) struct MaskTests {
  @Test func badPixelsOfEveryKindAreFound() throws {
    let size = 512
    var options = CalibrationBench.perfect(dark: 0.02, scatter: 0.015)
    options.vignetting = 0.1
    // Four pixels apart, so that crosses of open pixels touch nothing else; as many as an H2RG has (0.24 % hot, 0.52 %
    // dead).
    let places = CalibrationBench.places(2600, size: size, seed: 31, apart: 4)
    options.defects = places.enumerated().map { index, place in
      let kind: DetectorModel.Defect.Kind =
        switch index {
        case 0..<600: .hot(rate: 2 + Double(index) * 0.05)
        case 600..<1900: .dead
        case 1900..<2200: .telegraph(electrons: 400)
        case 2200..<2300: .open
        case 2300..<2450: .response(0.6)
        default: .response(1.6)
        }
      return .init(x: place.x, y: place.y, kind: kind)
    }
    let bench = try CalibrationBench(seed: 201, size: size, options: options)
    var members: [(String, MemberType)] = []
    members += try bench.expose("IMG1-DRK", 10, seconds: 60, sampling: .utr(reads: 6)).map { ($0, .dark) }
    members += try bench.expose("IMG1-DRK", 10, seconds: 10, sampling: .cds).map { ($0, .dark) }
    members += try bench.expose("IMG1-NFF", 5, seconds: 10, sampling: .cds).map { ($0, .flat) }
    let result = try bench.run(.createMask, members, product: "mask.fits")
    #expect(result.report.degraded.isEmpty)
    let mask = try #require(try ReferenceModel(reading: result.path, expecting: "MASK").image.quality)
    let truth = try bench.instrument.detector("IMG1").flags
    let kinds: [(String, UInt32, recall: Double)] = [
      ("HOT", DQ.hot, 0.99), ("DEAD", DQ.dead, 0.99), ("TELEGRAPH", DQ.telegraph, 0.98),
      ("OPEN", DQ.open, 0.99),
      ("ADJ_OPEN", DQ.adjOpen, 0.99), ("LOW_QE", DQ.lowQe, 0.99), ("OTHER_BAD_PIXEL", DQ.otherBadPixel, 0.99),
    ]
    for (name, flag, wanted) in kinds {
      let (recall, falseShare) = DarkTests.score(mask, flag, truth: truth, flag)
      print("mask \(name): recall \(recall), false \(falseShare)")
      #expect(recall >= wanted, "\(name)")
      #expect(falseShare < 1e-5, "\(name)")
    }
    let excluded = DQ.dead | DQ.hot | DQ.otherBadPixel | DQ.open | DQ.adjOpen | DQ.telegraph
    for flags in mask.elements { #expect((flags & excluded != 0) == (flags & DQ.doNotUse != 0)) }
  }
}
