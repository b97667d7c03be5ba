import DataModels
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

@Suite struct ReadoutTests {
  /// The instrument team's sample: 4 reads of a ramp that rises by 4000 DN per read, no times in the file.
  private var sample: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden/sample_ramp.fits").path
  }

  @Test(arguments: ["gls", "optimal", "utr", "cds", "mcds"])
  func sampleRampIsAThousandEverywhere(_ method: String) throws {
    let bench = try Bench()
    let report = try bench.run(
      .readout, [(sample, .science)], settings: ["ramp_fit.method": method, "ramp_fit.read_spacing": "4"])
    #expect(report.status == .succeeded)
    let rate = try bench.product()
    #expect(rate.unit == "adu/s")
    #expect(rate.science.elements.allSatisfy { $0 == 1000 })
    #expect(rate.science.count == 100)
    #expect(rate.header.string("TIMEORIG") == "read_spacing")
    #expect(rate.quality?.elements.allSatisfy { $0 & DQ.unreliableError != 0 } == true)
  }

  @Test func withoutTimesTheRunEndsNamingThem() throws {
    let bench = try Bench()
    let report = try bench.run(.readout, [(sample, .science)])
    #expect(report.exitCode == 65)
    #expect(report.error?.message.contains("read_spacing") == true)
    #expect(report.error?.hint?.contains("ramp_fit.read_spacing") == true)
  }

  @Test func impossibleNumbersOfCoaddsAreRefused() throws {
    let bench = try Bench()
    let report = try bench.run(
      .readout, [(sample, .science)],
      settings: ["ramp_fit.method": "mcds", "ramp_fit.num_coadd": "3", "ramp_fit.read_spacing": "4"])
    #expect(report.error?.code == "num-coadd")
    #expect(report.exitCode == 65)
  }
}
