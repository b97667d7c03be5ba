import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// New masters are compared with the one in use; who offers them to the rules judges.
@Suite struct MasterQualityTests {
  private func darks(_ bench: Bench, _ stem: String, value: Float, count: Int = 5) throws -> [String] {
    try (0..<count).map { index in
      try bench.frame(
        "\(stem)\(index).fits", value: value, error: 0.5, cards: [Card("IFRAME", index + 1)]
      ) {
        for x in 0..<8 { $0.science[x, 0] += Float(index) * 0.01 }
      }
    }
  }

  private func make(
    _ bench: Bench, _ files: [String], as product: String, previous: String?,
    pipeline: Pipeline = .createDark, type: String = "dark", services: RunServices = Bench.services
  ) throws -> RunReport {
    let request = RunRequest(
      configuration: try RunConfiguration(pipeline),
      members: files.map { Member(name: ($0 as NSString).lastPathComponent, path: $0, exptype: .dark) },
      outputDirectory: bench.path + "/out", productFileName: product,
      previousMaster: previous.map { ResolvedReference(type: type, origin: .context, path: $0) })
    return PipelineRunner(request: request, services: services).run()
  }

  @Test func theNumbersAreInReportHeaderAndProvenance() throws {
    let bench = try Bench()
    let first = try make(bench, darks(bench, "a", value: 2), as: "tmt_iris_dark_0001.fits", previous: nil)
    let old = bench.path + "/out/tmt_iris_dark_0001.fits"
    #expect(first.products.first?.comparedWith == nil)
    #expect(first.products.first?.quality.keys.contains { $0.hasPrefix("compared_") } == false)

    let report = try make(bench, darks(bench, "b", value: 6), as: "tmt_iris_dark_0002.fits", previous: old)
    let product = try #require(report.products.first)
    let sum = try ContentHash.ofFile(old)
    let previous = FileIdentity(
      role: "previous", name: "tmt_iris_dark_0001.fits", path: old, sha256: sum)
    #expect(product.comparedWith == previous)
    #expect(product.quality["compared_fraction_off"] == 1)
    #expect(abs((product.quality["compared_level_ratio"] ?? 0) - 3) < 1e-5)
    #expect(abs((product.quality["compared_level_difference"] ?? 0) - 4) < 1e-5)
    #expect(abs((product.quality["compared_noise_ratio"] ?? 0) - 1) < 1e-5)
    // It is no reference of the run, else masters would go stale.
    #expect(!report.references.contains { $0.reference.path == old })
    #expect(report.inputs.count == 5)

    let path = bench.path + "/out/tmt_iris_dark_0002.fits"
    let header = try ImageModel(reading: path).header
    #expect(header.string("PREVMSTR") == "tmt_iris_dark_0001.fits")
    #expect(header.double("PREVFOFF") == 1)
    let rows = try FITSFile(reading: path)
    let table = try #require(try rows.index(ofExtension: "PROVENANCE", version: nil))
    let roles = try rows.table(of: table)
    #expect("\(roles)".contains("compared with, not used"))
  }

  /// The error of a master falls with its frames: 20 of the same noise are no better frames than 5.
  @Test func noiseIsThatOfAFrame() throws {
    let bench = try Bench()
    _ = try make(bench, darks(bench, "a", value: 2, count: 20), as: "many.fits", previous: nil)
    let report = try make(
      bench, darks(bench, "b", value: 2), as: "few.fits", previous: bench.path + "/out/many.fits")
    let ratio = try #require(report.products.first?.quality["compared_noise_ratio"])
    // The median's efficiency is 2/pi for many frames and 0.697 for five.
    #expect(abs(ratio - 1) < 0.06)
  }

  @Test func whatCannotBeComparedIsStillAMaster() throws {
    let bench = try Bench()
    let files = try darks(bench, "a", value: 2)
    for (name, product) in [("absent.fits", "x.fits"), ("text.fits", "y.fits")] {
      if name == "text.fits" {
        try "no FITS".write(toFile: bench.path + "/text.fits", atomically: true, encoding: .utf8)
      }
      let report = try make(bench, files, as: product, previous: "\(bench.path)/\(name)")
      #expect(report.status == .succeeded)
      #expect(report.products.first?.comparedWith == nil)
      #expect(report.notes.contains { $0.hasPrefix("the master was not compared with \(name): ") })
      #expect(report.degraded == [])
    }
  }

  @Test func jobsCarryTheMasterInUse() throws {
    let bench = try Bench()
    let old = try bench.frame("old.fits", value: 1)
    let inputs = try darks(bench, "a", value: 2).map {
      JobInput(name: $0, path: $0, sha256: "aa", exptype: .dark)
    }
    var spec = JobSpec(
      job: "J1", attempt: 1, token: "t", pipeline: "create_dark", association: "a", associationRule: "r",
      inputs: inputs, outputDirectory: bench.path + "/out", fileNames: ["dark": "new.fits"])
    spec.previousMaster = ResolvedReference(type: "dark", origin: .context, path: old, sha256: "bb")
    let sent = try JSONDecoder().decode(JobSpec.self, from: JSONEncoder().encode(spec))
    #expect(sent == spec)
    let report = try JobRunner(registry: PipelineCatalog.registry, services: Bench.services).run(sent)
    #expect(report.products.first?.comparedWith?.sha256 == "bb")
  }

  @Test func previewsLieBesideProductsAndNeverFailARun() throws {
    let bench = try Bench()
    let maker = PreviewMaker(fileExtension: "png") { value, quality, name, unit in
      Array("\(value.width) \(quality != nil) \(name) \(unit)".utf8)
    }
    let services = RunServices(
      now: Bench.services.now, logger: Bench.services.logger, version: "test", preview: maker)
    let files = try darks(bench, "a", value: 2)
    let report = try make(bench, files, as: "m.fits", previous: nil, services: services)
    let preview = try #require(report.products.first?.preview)
    #expect(preview.fileName == "m.png")
    #expect(try String(contentsOfFile: bench.path + "/out/m.png", encoding: .utf8) == "8 true m.fits adu/s")
    #expect(preview.sha256 == (try ContentHash.ofFile(bench.path + "/out/m.png")))
    #expect(preview.bytes == 19)

    try "mine".write(toFile: bench.path + "/out/n.png", atomically: true, encoding: .utf8)
    let second = try make(bench, files, as: "n.fits", previous: nil, services: services)
    #expect(second.status == .succeeded)
    #expect(second.products.first?.preview == nil)
    #expect(second.notes.contains { $0.contains("a file of this name is there already") })
    #expect(try String(contentsOfFile: bench.path + "/out/n.png", encoding: .utf8) == "mine")
    let left = try FileManager.default.contentsOfDirectory(atPath: bench.path + "/out").filter {
      $0.hasSuffix(".tmp")
    }
    #expect(left == [])
  }

  @Test func stepsTellTheirPeaksAndProductsTheirNumbers() throws {
    let bench = try Bench()
    let report = try make(bench, darks(bench, "a", value: 2), as: "m.fits", previous: nil)
    #expect(report.memoryPeaksOf != nil)
    for step in report.steps where step.status == .complete {
      let peak = try #require(step.peakMemoryBytes)
      #expect(peak > 1 << 20 && peak <= report.peakMemoryBytes, "\(step.name)")
    }
    let quality = try #require(report.products.first?.quality)
    #expect(quality["background"] == 2 && quality["flagged_fraction"] == 0)
    #expect(quality["noise"] != nil && quality["median_error"] != nil && quality["median"] == 2)
  }
}
