import DataModels
import Foundation
import JobContract
import PipelineEngine
import Testing

/// Parameters that the reference rules choose (`pars-<step>`), between the steps' defaults and the cfg.
@Suite struct ParameterReferenceTests {
  /// A cache whose rules choose `file` as the parameters of `bkg_subtract` for the first imager detector.
  private func cache(_ bench: Workbench, file: String, text: String) throws {
    func mapping(_ name: String, _ header: String, _ selector: String) throws {
      try bench.write(
        "cache/mappings/tmt/\(name)",
        """
        header = {
            'derived_from' : 'NONE',
            'name' : '\(name)',
            'observatory' : 'TMT',
        \(header)
        }

        selector = \(selector)

        """)
    }
    try mapping(
      "tmt_0001.pmap", "'mapping' : 'PIPELINE',\n'parkey' : ('META.INSTRUMENT.NAME',),",
      "{\n    'IRIS' : 'tmt_iris_0001.imap',\n}")
    try mapping(
      "tmt_iris_0001.imap",
      "'mapping' : 'INSTRUMENT',\n'instrument' : 'IRIS',\n'parkey' : ('REFTYPE',),",
      "{\n    'DARK' : 'N/A',\n    'FLAT' : 'N/A',\n    'MASK' : 'N/A',\n"
        + "    'PARS-BKG_SUBTRACT' : 'tmt_iris_pars-bkg_subtract_0001.rmap',\n}")
    try mapping(
      "tmt_iris_pars-bkg_subtract_0001.rmap",
      "'mapping' : 'REFERENCE',\n'instrument' : 'IRIS',\n'filekind' : 'PARS-BKG_SUBTRACT',\n"
        + "'classes' : ('Match', 'UseAfter'),\n"
        + "'parkey' : (('META.INSTRUMENT.DETECTOR',), ('META.OBSERVATION.DATE', 'META.OBSERVATION.TIME')),",
      "Match({\n    ('IMG1',) : UseAfter({\n        '2026-01-01 00:00:00' : '\(file)',\n    }),\n})")
    try bench.write("cache/references/tmt/iris/\(file)", text)
  }

  private let name = "tmt_iris_pars-bkg_subtract_0001.cfg"

  private func environment(_ bench: Workbench) -> [String: String] { ["CRDS_PATH": bench.path + "/cache"] }

  /// A mapping that was changed since its sha1sum was written chooses nothing.
  @Test func aMappingThatWasChangedIsRefused() async throws {
    let bench = try Workbench()
    try bench.frames()
    try cache(bench, file: name, text: "scale = 0.5\n")
    let path = bench.path + "/cache/mappings/tmt/tmt_iris_0001.imap"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try bench.write(
      "cache/mappings/tmt/tmt_iris_0001.imap",
      text.replacingOccurrences(
        of: "    'observatory' : 'TMT',\n",
        with: "    'observatory' : 'TMT',\n    'sha1sum' : '\(String(repeating: "0", count: 40))',\n"))
    let run = try await bench.run(
      ["imager_level2", "a_sci.fits", "-o", "out"], environment: environment(bench))
    #expect(run.code == 78, "\(run.talk)")
    #expect(run.talk.contains("the sha1sum says 0000") && run.talk.contains("refs checksum --update"))
    let made = (try? FileManager.default.contentsOfDirectory(atPath: bench.path + "/out")) ?? []
    #expect(made == [])
  }

  @Test func theyLieBetweenDefaultAndCfg() async throws {
    let bench = try Workbench()
    try bench.frames()
    try cache(bench, file: name, text: "# chosen for the detector\nscale = 0.5\nsigma = 5\n")
    try bench.write("i.cfg", "class = imager_level2\n[steps]\n[[bkg_subtract]]\nsigma = 4\n")
    let plan = try await bench.run(
      ["plan", "i.cfg", "asn.json", "--format", "json"], environment: environment(bench))
    let steps = try #require(try plan.rows().first?["steps"] as? [[String: any Sendable]])
    let step = try #require(steps.first { $0["name"] as? String == "bkg_subtract" })
    let parameters = try #require(step["parameters"] as? [String: [String: any Sendable]])
    #expect(parameters["scale"]?["value"] as? String == "0.5")
    #expect(parameters["scale"]?["origin"] as? String == "reference")
    #expect((parameters["scale"]?["place"] as? String)?.hasSuffix(name + ":2") == true)
    #expect(parameters["sigma"]?["origin"] as? String == "cfg")
    #expect(parameters["method"]?["origin"] as? String == "default")
    let reference = try #require(
      (step["references"] as? [[String: any Sendable]])?.first {
        $0["type"] as? String == "pars-bkg_subtract"
      })
    #expect((reference["rule"] as? String)?.contains("tmt_iris_pars-bkg_subtract_0001.rmap") == true)
    #expect(reference["useafter"] as? String == "2026-01-01 00:00:00")

    let run = try await bench.run(["i.cfg", "asn.json"], environment: environment(bench))
    #expect(run.code == 0, "\(run.talk)")
    #expect(run.talk.contains("PARS-BKG_SUBTRACT parameters found: "))
    let product = try bench.image("a_cal.fits")
    #expect(product.science[0, 0] == 80)
    #expect(product.header.cards.allSatisfy { !$0.keyword.hasPrefix("R_PARS") })

    let own = try await bench.run(
      ["i.cfg", "asn.json", "--set", "bkg_subtract.scale=1"], environment: environment(bench))
    #expect(own.code == 0)
    #expect(try bench.image("a_cal_v02.fits").science[0, 0] == 60)
  }

  @Test func aContextWithoutThemIsNoMatter() async throws {
    let bench = try Workbench()
    try bench.frames()
    try cache(bench, file: name, text: "scale = 0.5\n")
    let imap = "cache/mappings/tmt/tmt_iris_0001.imap"
    let line = "    'PARS-BKG_SUBTRACT' : 'tmt_iris_pars-bkg_subtract_0001.rmap',\n"
    #expect(bench.text(imap).contains(line))
    try bench.write(imap, bench.text(imap).replacing(line, with: ""))
    let run = try await bench.run(["imager_level2", "asn.json"], environment: environment(bench))
    #expect(run.code == 0 && !run.talk.lowercased().contains("pars-"), "\(run.talk)")
    #expect(try bench.image("a_cal.fits").science[0, 0] == 60)
  }

  @Test(arguments: [
    ("tmt_iris_pars-bkg_subtract_0001.asdf", "scale = 0.5\n", "form of a cfg only", ".asdf"),
    ("tmt_iris_pars-bkg_subtract_0001.cfg", "scale = 0.5\nscael = 1\n", "cannot set 'scael'", ".cfg:2"),
    ("tmt_iris_pars-bkg_subtract_0001.cfg", "\nscale = 50\n", "'50' is not a number", ".cfg:2"),
    ("tmt_iris_pars-bkg_subtract_0001.cfg", "post_hooks = /bin/true\n", "cannot set 'post_hooks'", ".cfg:1"),
    ("tmt_iris_pars-bkg_subtract_0001.cfg", "[steps]\n", "holds no section", ".cfg:1"),
  ])
  func whatIsNoParametersIsRefused(_ file: String, text: String, words: String, place: String) async throws {
    let bench = try Workbench()
    try bench.frames()
    try cache(bench, file: file, text: text)
    let run = try await bench.run(["imager_level2", "asn.json"], environment: environment(bench))
    #expect(run.code == 65, "\(run.talk)")
    let error = try #require(run.talk.split(separator: "\n").first { $0.hasPrefix("error: ") })
    #expect(error.contains(words) && error.hasSuffix(place), "\(error)")
    #expect(try bench.products() == ["a_sci.fits", "dark.fits", "sky.fits"])
  }

  /// What the archive hands over is used and reported in the same way.
  @Test func jobsTakeThoseOfTheirSpecification() async throws {
    let bench = try Workbench()
    try bench.frames()
    let path = try bench.write("pars.cfg", "scale = 0.5\n")
    let chosen = try ContentHash.ofFile(path)
    try FileManager.default.createDirectory(atPath: bench.path + "/job", withIntermediateDirectories: true)
    let spec = JobSpec(
      job: "J1", attempt: 1, token: "t", pipeline: "imager_level2", association: "a1",
      associationRule: "imager-level2",
      inputs: [
        JobInput(name: "a", path: bench.path + "/a_sci.fits", sha256: "aa", exptype: .science),
        JobInput(name: "s", path: bench.path + "/sky.fits", sha256: "bb", exptype: .background),
      ],
      references: [
        ResolvedReference(
          type: "pars-bkg_subtract", origin: .context, path: path, sha256: chosen, context: "tmt_0007.pmap",
          rule: "tmt_iris_pars-bkg_subtract_0001.rmap ('IMG1',)")
      ], outputDirectory: bench.path + "/job", fileNames: ["cal": "final_cal.fits"])
    try bench.write("job.json", String(decoding: try JSONEncoder().encode(spec), as: UTF8.self))
    #expect(try await bench.run("--job", bench.path + "/job.json").code == 0)
    let report = try JSONDecoder().decode(RunReport.self, from: Data(bench.text("job/report.json").utf8))
    let step = try #require(report.steps.first { $0.name == "bkg_subtract" })
    #expect(step.parameters["scale"]?.value == "0.5" && step.parameters["scale"]?.origin == "reference")
    #expect(step.parameters["scale"]?.place == "\(path):1")
    let use = try #require(report.references.first { $0.reference.type == "pars-bkg_subtract" })
    #expect(use.step == "bkg_subtract" && use.reference.sha256 == chosen)
    #expect(use.reference.rule?.hasPrefix("tmt_iris_pars") == true)
    #expect(try bench.image("job/final_cal.fits").science[0, 0] == 80)
  }
}
