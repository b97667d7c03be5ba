import DataModels
import FITSStructure
import Foundation
import JobContract
import Logging
import PipelineEngine
import Pipelines
import Pixels
import Synchronization
import Testing

/// The session of the documents: a flat is preprocessed, then a cfg and an association reduce a science frame.
@Suite struct DocumentedSessionTests {
  private func hand(_ bench: Bench, _ target: String, _ inputs: [String], log: Log) throws -> [RunReport] {
    try HandRunner(
      configuration: PipelineCatalog.registry.configuration(for: target), inputs: inputs,
      outputDirectory: bench.path, cache: nil, services: log.services
    ).run()
  }

  /// Collects log lines.
  private final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    var services: RunServices {
      .stpipe(
        now: { Date(timeIntervalSince1970: 1_784_000_000) },
        write: { [self] line in lines.withLock { $0.append(String(line.dropLast())) } }, version: "test")
    }
    var all: [String] { lines.withLock { $0 } }
  }

  @Test func flatThenScienceByCfgAndAssociation() throws {
    let bench = try Bench()
    let log = Log()
    try bench.frame("raw_flat_frame_cal.fits", value: 2000)
    try bench.frame("raw_science_frame_sci.fits", value: 100)
    try bench.frame("raw_background_frame_cal.fits", value: 40)
    let flats = try hand(
      bench, "iris_pipeline.pipeline.PreprocessFlatfield", [bench.path + "/raw_flat_frame_cal.fits"], log: log
    )
    #expect(flats.map(\.status) == [.succeeded])
    let flat = try ImageModel(reading: bench.path + "/raw_flat_frame_flat.fits")
    #expect(flat.science[0, 0] == 1)
    try FileManager.default.moveItem(
      atPath: bench.path + "/raw_flat_frame_flat.fits", toPath: bench.path + "/flat.fits")
    try write(bench)
    let reports = try hand(
      bench, bench.path + "/image2_iris.cfg", [bench.path + "/asn_subtract_bg_flat.json"], log: log)
    #expect(reports.map(\.status) == [.succeeded])
    let product = try ImageModel(reading: bench.path + "/test_iris_subtract_bg_flat_cal.fits")
    #expect(product.science[0, 0] == 60)
    #expect(product.header.string("R_FLAT") == "flat.fits")
    #expect(product.header.string("ASNTABLE") == "asn_subtract_bg_flat.json")
    for line in documented { #expect(log.all.contains { $0.hasSuffix(line) }, "\(line)") }
  }

  /// The configuration that both generations of the published pipeline ship with their tests (`drsrop.cfg`), word for
  /// word: steps and parameters by their names of then.
  @Test(arguments: ["iris_pipeline", "liger_iris_pipeline"])
  func publishedReadoutConfigurationRuns(package: String) throws {
    let bench = try Bench()
    let text = """
      name = "rop"
      class = "\(package).pipeline.ROPPipeline"
      save_results = True

          [steps]
            [[nonlincorr]]
            [[readoutsamp]]
             mode='mcds'

      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: bench.path + "/drsrop.cfg"))
    let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden/sample_ramp.fits").path
    var configuration = try PipelineCatalog.registry.configuration(for: bench.path + "/drsrop.cfg")
    try configuration.set("readoutsamp.read_spacing", "4", from: .commandLine)
    let log = Log()
    let reports = try HandRunner(
      configuration: configuration, inputs: [sample], outputDirectory: bench.path, cache: nil,
      services: log.services
    ).run()
    #expect(reports.map(\.status) == [.succeeded], "\(reports.compactMap { $0.error?.message })")
    let fit = try #require(reports.first?.steps.first { $0.name == "ramp_fit" })
    #expect(fit.parameters["method"]?.value == "mcds")
    #expect(try ImageModel(reading: bench.path + "/sample_rate.fits").science[3, 3] == 1000)
    #expect(log.all.contains { $0.hasSuffix("stpipe.rop.linearity - INFO - Step skipped.") })
  }

  /// Lines of the documented log, without their times.
  private let documented = [
    "stpipe.PreprocessFlatfield - INFO - PreprocessFlatfield instance created.",
    "stpipe.PreprocessFlatfield.normalize - INFO - Step normalize done",
    "stpipe.PreprocessFlatfield - INFO - Saved model in raw_flat_frame_flat.fits",
    "stpipe.Image2Pipeline.bkg_subtract - INFO - BackgroundStep instance created.",
    "stpipe.Image2Pipeline - INFO - Step Image2Pipeline running with args ('asn_subtract_bg_flat.json',).",
    "stpipe.Image2Pipeline.bkg_subtract - INFO - Step bkg_subtract running with args "
      + "(<IRISImageModel(4, 8) from raw_science_frame_sci.fits>, ['raw_background_frame_cal.fits']).",
    "stpipe.Image2Pipeline.assign_wcs - INFO - Step skipped.",
    "stpipe.Image2Pipeline.flat_field - INFO - Step flat_field done",
    "stpipe.Image2Pipeline - INFO - Saved model in test_iris_subtract_bg_flat_cal.fits",
    "stpipe.Image2Pipeline - INFO - Step Image2Pipeline done",
  ]

  private func write(_ bench: Bench) throws {
    let files = [
      "image2_iris.cfg": """
      name = "Image2Pipeline"
      class = "iris_pipeline.pipeline.Image2Pipeline"
      save_results = True

          [steps]
            [[bkg_subtract]]
            [[assign_wcs]]
              skip = True
            [[flat_field]]
              config_file = flat_field.cfg
            [[photom]]
              skip = True
            [[resample]]
              skip = True
      """,
      "flat_field.cfg": """
      name = "flat_field"
      class = "jwst.flatfield.FlatFieldStep"
      # Optional filename suffix for output flats (only for MOS data).
      flat_suffix = None
      override_flat = 'flat.fits'
      """,
      "asn_subtract_bg_flat.json": """
      {"asn_rule": "Asn_Lv2Image", "asn_pool": "pool", "asn_type": "image2", "products": [
        {"name": "test_iris_subtract_bg_flat", "members": [
          {"expname": "raw_science_frame_sci.fits", "exptype": "science"},
          {"expname": "raw_background_frame_cal.fits", "exptype": "background"}]}]}
      """,
    ]
    for (name, text) in files {
      try text.write(toFile: "\(bench.path)/\(name)", atomically: true, encoding: .utf8)
    }
  }

  @Test func nothingIsEverOverwritten() throws {
    let bench = try Bench()
    let log = Log()
    let science = try bench.frame("a_sci.fits", value: 100)
    for _ in 1...2 { _ = try hand(bench, "imager_level2", [science], log: log) }
    #expect(FileManager.default.fileExists(atPath: bench.path + "/a_cal.fits"))
    #expect(FileManager.default.fileExists(atPath: bench.path + "/a_cal_v02.fits"))
  }

  @Test func stepsRunOnTheirOwn() throws {
    let bench = try Bench()
    let science = try bench.frame("a_sci.fits", value: 100)
    let dark = try bench.frame("d.fits", value: 10)
    var configuration = try PipelineCatalog.registry.configuration(for: "dark_current")
    try configuration.override("dark", with: dark)
    let reports = try HandRunner(
      configuration: configuration, inputs: [science], outputDirectory: bench.path, cache: nil,
      services: Log().services
    ).run()
    #expect(reports.map(\.status) == [.succeeded])
    #expect(try ImageModel(reading: bench.path + "/a_dark-current.fits").science[0, 0] == 90)
  }

  @Test func associationsWithTwoSciencesAreRefused() throws {
    let bench = try Bench()
    try bench.frame("a.fits", value: 1)
    try bench.frame("b.fits", value: 1)
    let path = bench.path + "/asn.json"
    try #"{"SCI": ["a.fits", "b.fits"]}"#.write(toFile: path, atomically: true, encoding: .utf8)
    let report = try #require(try hand(bench, "imager_level2", [path], log: Log()).first)
    #expect(report.error?.code == "two-science-members")
  }

  @Test func associationsWithoutScienceAreRefused() throws {
    let bench = try Bench()
    try bench.frame("a.fits", value: 1)
    let path = bench.path + "/asn.json"
    try #"{"SKY": ["a.fits"]}"#.write(toFile: path, atomically: true, encoding: .utf8)
    let report = try #require(try hand(bench, "imager_level2", [path], log: Log()).first)
    #expect(report.error?.code == "no-science-member")
    #expect(report.exitCode == 65)
  }

  /// The cfg files that are shipped say what the code says: merging one changes no value.
  @Test func shippedCfgsAreTheDefaults() throws {
    let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("config/pipelines").path
    for pipeline in PipelineCatalog.registry.pipelines {
      let merged = try PipelineCatalog.registry.configuration(for: "\(folder)/\(pipeline.name).cfg")
      let plain = try RunConfiguration(pipeline)
      #expect(merged.pipeline.name == pipeline.name)
      for (name, step) in plain.steps {
        let values = merged.steps[name]?.parameters.reported.mapValues(\.value)
        #expect(values == step.parameters.reported.mapValues(\.value), "\(pipeline.name).\(name)")
      }
    }
  }
}
