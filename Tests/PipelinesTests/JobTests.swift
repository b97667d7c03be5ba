import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Testing

@Suite struct JobTests {
  private func spec(_ bench: Bench, inputs: [JobInput], references: [ResolvedReference] = []) -> JobSpec {
    JobSpec(
      job: "J000042", attempt: 2, token: "secret", pipeline: "imager_level2",
      parameters: ["bkg_subtract.scale": "0.5"], association: "a0001", associationRule: "imager-level2",
      inputs: inputs, references: references, context: "tmt_0003.pmap", outputDirectory: bench.path + "/out",
      fileNames: ["cal": "final_cal.fits"], degraded: ["5 of 9 skies"])
  }

  @Test func jobsTrustTheirHashesAndReportTheirs() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let sky = try bench.frame("sky.fits", value: 40)
    let dark = try bench.frame("dark.fits", value: 10)
    // Inputs were hashed as they arrived; a reference is looked at again.
    let darkHash = try ContentHash.ofFile(dark)
    let job = spec(
      bench,
      inputs: [
        JobInput(name: "s", path: science, sha256: "aa", exptype: .science),
        JobInput(name: "b", path: sky, sha256: "bb", exptype: .background),
      ],
      references: [
        ResolvedReference(
          type: "dark", origin: .context, path: dark, sha256: darkHash, context: "tmt_0003.pmap",
          rule: "row 1")
      ])
    let report = try JobRunner(registry: PipelineCatalog.registry, services: Bench.services).run(job)
    let data = try #require(FileManager.default.contents(atPath: bench.path + "/out/report.json"))
    #expect(try JSONDecoder().decode(RunReport.self, from: data) == report)
    #expect(report.status == .succeeded)
    #expect(report.token == "secret")
    #expect(report.inputs.map(\.sha256) == ["aa", "bb"])
    #expect(report.references.first { $0.reference.type == "dark" }?.reference.sha256 == darkHash)
    #expect(
      report.steps.first { $0.name == "bkg_subtract" }?.parameters["scale"]
        == ParameterValue(value: "0.5", origin: "job"))
    #expect(report.degraded.first == "5 of 9 skies")
    let product = try #require(report.products.first)
    #expect(product.fileName == "final_cal.fits")
    #expect(product.sha256 == (try ContentHash.ofFile(bench.path + "/out/final_cal.fits")))
    let header = try bench.product("final_cal.fits").header
    #expect(header.string("ASNNAME") == "a0001")
    #expect(header.string("CRDS_CTX") == "tmt_0003.pmap")
    #expect(header.integer("DATALVL") == 2)
    #expect(product.headers.count == 5)
  }

  @Test func theProductSaysWhereItCameFrom() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    let job = spec(bench, inputs: [JobInput(name: "s", path: science, sha256: "aa", exptype: .science)])
    _ = try JobRunner(registry: PipelineCatalog.registry, services: Bench.services).run(job)
    let file = try FITSFile(reading: bench.path + "/out/final_cal.fits")
    let index = try #require(try file.index(ofExtension: "PROVENANCE"))
    let table = try file.table(of: index)
    #expect(table.columns.map(\.name) == ["ROLE", "NAME", "SHA256", "DETAIL"])
    #expect(try file.verifyChecksums().allSatisfy { $0.checksum == .correct && $0.datasum == .correct })
  }

  @Test func failuresAreReportedWithTheirFiveFields() throws {
    let bench = try Bench()
    let job = spec(
      bench, inputs: [JobInput(name: "s", path: bench.path + "/none.fits", sha256: "aa", exptype: .science)])
    let report = try JobRunner(registry: PipelineCatalog.registry, services: Bench.services).run(job)
    #expect(report.status == .failed)
    #expect(report.exitCode != 0)
    #expect(report.error?.subject.contains("none.fits") == true)
    #expect(FileManager.default.fileExists(atPath: bench.path + "/out/report.json"))
    #expect(report.products.isEmpty)
  }

  @Test func jobsWithNamesThatLeaveTheFolderAreRefused() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    var job = spec(bench, inputs: [JobInput(name: "s", path: science, sha256: "aa", exptype: .science)])
    job.fileNames = ["cal": "../x.fits"]
    let report = try JobRunner(registry: PipelineCatalog.registry, services: Bench.services).run(job)
    #expect(report.error?.code == "bad-job")
  }

  @Test func specsOfAnotherVersionAreRefused() throws {
    let bench = try Bench()
    let science = try bench.frame("sci.fits", value: 100)
    var job = spec(bench, inputs: [JobInput(name: "s", path: science, sha256: "aa", exptype: .science)])
    job.version = 99
    let path = bench.path + "/job.json"
    try JSONEncoder().encode(job).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: EngineError.self) { try JobRunner.spec(at: path) }
    #expect(error?.code == "bad-job")
  }
}
