import DataModels
import FITSIO
import FITSStructure
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// Ramps in files through `drop_reads`, `jump` and `ramp_fit`.
@Suite struct JumpStepTests {
  private static let times = (1...8).map { 4 * Double($0) }

  /// Eight reads of 5 adu/s in 12 x 40 pixels. Every fifth row has a jump of 400 adu in read 5 of pixel 6.
  private func ramp(
    _ bench: Bench, cards: [Card] = [Card("GAIN", 2.0), Card("READNOIS", 8.0)],
    _ edit: (inout Ramp<Float>) -> Void = { _ in }
  ) throws -> String {
    var samples = Ramp<Float>(integrations: 1, reads: 8, height: 40, width: 12, repeating: 0)
    for (j, t) in Self.times.enumerated() {
      for y in 0..<40 {
        for x in 0..<12 {
          samples[0, j, x, y] = 500 + 5 * Float(t) + (y % 5 == 0 && x == 6 && j >= 4 ? 400 : 0)
        }
      }
    }
    edit(&samples)
    let header = Header(
      [Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("OBSNAME", "IMG1-SCI")] + cards)
    let model = RampModel(header: header, samples: .float32(samples), times: [Self.times])
    let path = "\(bench.path)/ramp.fits"
    try model.write(to: path)
    return path
  }

  @Test(arguments: ["two_point", "likelihood"], ["gls", "optimal", "utr", "cds", "mcds"])
  func jumpsAreRepaired(jump: String, fit: String) throws {
    let bench = try Bench()
    let report = try bench.run(
      .readout, [(try ramp(bench), .science)], settings: ["jump.method": jump, "ramp_fit.method": fit])
    #expect(report.status == .succeeded)
    let rate = try bench.product()
    #expect(rate.header.string("S_JUMP") == "COMPLETE" && rate.header.string("S_DROPRD") == "SKIPPED")
    let flags = try #require(rate.quality)
    for y in 0..<40 {
      for x in 0..<12 {
        #expect(abs(rate.science[x, y] - 5) < 0.05, "\(x) \(y): \(rate.science[x, y])")
        // The jump, its neighbours beside it, and above and below, also over the edges of bands.
        let near = (x == 6 && [0, 1, 4].contains(y % 5)) || (y % 5 == 0 && abs(x - 6) == 1)
        #expect((flags[x, y] & DQ.jumpDet != 0) == (near && !(x == 6 && y == 39)), "\(x) \(y)")
      }
    }
  }

  @Test func withoutGainAndNoiseNothingIsAJump() throws {
    let bench = try Bench()
    let report = try bench.run(.readout, [(try ramp(bench, cards: []), .science)])
    #expect(report.status == .succeeded)
    let rate = try bench.product()
    #expect(rate.header.string("S_JUMP") == "SKIPPED")
    #expect(rate.science[6, 0] > 8)
  }

  /// Read 3 is far off; it is left out by the list, and the fit does not see it.
  @Test func listedReadsAreLeftOut() throws {
    let bench = try Bench()
    let path = try ramp(bench) { samples in
      for y in 0..<40 { for x in 0..<12 { samples[0, 2, x, y] = 3000 } }
    }
    let report = try bench.run(
      .readout, [(path, .science)], settings: ["drop_reads.reads": "3", "ramp_fit.method": "utr"],
      skip: ["jump"])
    #expect(report.status == .succeeded)
    #expect("\(report)".contains("read 3 of ramp 1 is left out: it is in the list"))
    let rate = try bench.product()
    #expect(
      rate.science.elements.enumerated().allSatisfy { $0.offset % 12 == 6 || abs($0.element - 5) < 1e-3 })
    #expect(rate.header.string("S_DROPRD") == "COMPLETE")
    let refused = try bench.run(.readout, [(path, .science)], settings: ["drop_reads.reads": "9"])
    #expect(refused.error?.code == "bad-read-number" && refused.error?.message.contains("'9'") == true)
  }

  /// Thresholds with no numbers to hold against them are said.
  @Test func thresholdsWithoutNumbersAreTold() throws {
    let bench = try Bench()
    let report = try bench.run(
      .readout, [(try ramp(bench), .science)], settings: ["drop_reads.maximum": "0.8"])
    #expect("\(report)".contains("there is no READQUAL"))
    #expect(try bench.product().header.string("S_DROPRD") == "SKIPPED")
  }

  /// Single readouts that say their seeing: the bad one is left out, told with its number.
  @Test func readoutsOfPoorQualityAreLeftOut() throws {
    let bench = try Bench()
    var paths: [(String, MemberType)] = []
    for read in 1...6 {
      let cards = [
        Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("OBSNAME", "IMG1-SCI"),
        Card("DET_ID", "IMG1"),
        Card("EXP_NO", 7), Card("RAMP_NO", 1), Card("READ_NO", read), Card("RST_TIME", 1_000_000),
        Card("READTIME", 1_000_000 + 4_000_000 * read), Card("SEEING", read == 4 ? 1.5 : 0.5),
      ]
      let value: Float = read == 4 ? 9000 : 100 + 20 * Float(read)
      let model = ImageModel(
        header: Header(cards), science: Plane(width: 5, height: 4, repeating: value), unit: "adu")
      let path = "\(bench.path)/r\(read).fits"
      try model.write(to: path)
      paths.append((path, .readout))
    }
    let report = try bench.run(
      .readout, paths,
      settings: ["drop_reads.quality": "SEEING", "drop_reads.maximum": "0.8", "ramp_fit.method": "utr"])
    #expect(report.status == .succeeded)
    #expect("\(report)".contains("read 4 of ramp 1 is left out: SEEING 1.5 is over 0.8"))
    #expect(try bench.product().science.elements.allSatisfy { abs($0 - 5) < 1e-3 })
  }
}
