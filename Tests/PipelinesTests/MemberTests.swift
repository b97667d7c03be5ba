import DataModels
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Testing

/// What members a pipeline takes, and what it does with faulty ones.
@Suite struct MemberTests {
  @Test(arguments: [MemberType.flat, .psf, .sourcecat, .engineering])
  func membersOfAnotherKindAreNotReduced(_ kind: MemberType) throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let other = try bench.frame("other.fits", value: 7)
    let report = try bench.run(.imagerLevel2, [(science, .science), (other, kind)])
    #expect(report.status == .succeeded)
    #expect(report.notes.contains { $0.contains("other.fits") && $0.contains("not used") })
    let alone = try bench.run(.imagerLevel2, [(other, kind)], product: "alone.fits")
    #expect(alone.error?.code == "no-science-member")
  }

  @Test(arguments: ["FILTER", "DETECTOR"])
  func backgroundsOfAnotherConfigurationAreRefused(_ keyword: String) throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, cards: [Card("FILTER", "Kbb")])
    let sky = try bench.frame("sky.fits", value: 40, cards: [Card("FILTER", "Kbb")]) {
      $0.header.set(keyword, .string(keyword == "FILTER" ? "Hbb" : "IMG2"))
    }
    let report = try bench.run(.imagerLevel2, [(science, .science), (sky, .background)])
    #expect(report.error?.code == "mixed-frames")
    #expect(report.error?.subject == "sky.fits")
  }

  @Test func backgroundsOfAnotherExposureDegrade() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100, cards: [Card("READMODE", "CDS")])
    let sky = try bench.frame("sky.fits", value: 40, cards: [Card("READMODE", "UTR")]) {
      $0.header.set("EXPTIME", .real(20))
    }
    let report = try bench.run(.imagerLevel2, [(science, .science), (sky, .background)])
    #expect(report.status == .succeeded)
    for word in ["EXPTIME", "READMODE"] { #expect(report.degraded.contains { $0.contains(word) }) }
  }

  @Test(arguments: ["FILTER", "PUPIL", "GRATING", "SCALE", "INSTMODE", "DETECTOR"])
  func flatsOfDifferentConfigurationsAreRefused(_ keyword: String) throws {
    let bench = try Bench()
    let files = try (0..<3).map { index in
      try bench.frame("flat\(index).fits", value: 2000) {
        $0.header.set(keyword, .string(index == 2 ? "LENSLET" : "SLICER"))
      }
    }
    let mixed = try bench.run(.processFlatfield, files.map { ($0, .flat) })
    #expect(mixed.error?.code == "mixed-frames")
    let two = try bench.run(.processFlatfield, files.prefix(2).map { ($0, .flat) })
    #expect(two.degraded.contains("made of 2 frames, 3 are wanted"))
  }

  @Test func oneBadFileDoesNotStopTheOthers() throws {
    let bench = try Bench()
    let good = try bench.frame("good.fits", value: 100)
    let bad = bench.path + "/bad.fits"
    try "no FITS".write(toFile: bad, atomically: true, encoding: .utf8)
    let reports = try HandRunner(
      configuration: RunConfiguration(.imagerLevel2), inputs: [bad, good],
      outputDirectory: bench.path + "/out",
      cache: Self.rules, services: Bench.services
    ).run()
    #expect(reports.map(\.status) == [.failed, .succeeded])
    #expect(reports[0].error?.subject.contains("bad.fits") == true)
  }

  /// The shipped rules, which are asked with the header of the first file of every product.
  private static var rules: ReferenceFinder.Cache {
    let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return ReferenceFinder.Cache(path: root.appendingPathComponent("crds").path, context: nil, origin: "test")
  }

  @Test func overridesInTheCfgOfAJobAreUsed() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let dark = try bench.frame("mine.fits", value: 10)
    let cfg = bench.path + "/job.cfg"
    try "class = imager_level2\noverride_dark = mine.fits\n".write(
      toFile: cfg, atomically: true, encoding: .utf8)
    let job = JobSpec(
      job: "J1", attempt: 1, token: "t", pipeline: "imager_level2", configuration: cfg, association: "a1",
      associationRule: "r",
      inputs: [JobInput(name: "s", path: science, sha256: "aa", exptype: .science)],
      outputDirectory: bench.path + "/out", fileNames: ["cal": "a_cal.fits"])
    let report = try JobRunner(registry: PipelineCatalog.registry, services: Bench.services).run(job)
    #expect(report.status == .succeeded)
    let use = report.references.first { $0.reference.type == "dark" }?.reference
    #expect(use?.origin == .override && use?.path == dark && use?.sha256?.count == 64)
    #expect(try bench.product("a_cal.fits").science[0, 0] == 90)
  }
}
