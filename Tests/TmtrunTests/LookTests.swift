import Foundation
import PipelineEngine
import Pipelines
import Testing

/// `list`, `describe`, `check`: what the program says of itself and of a cfg.
@Suite struct LookTests {
  @Test func listNamesEveryPipelineAndStepWithItsAliases() async throws {
    let bench = try Workbench()
    let rows = try await bench.run("list", "--format", "json").rows()
    let registry = PipelineCatalog.registry
    #expect(
      rows.compactMap { $0["name"] as? String } == registry.pipelines.map(\.name)
        + registry.steps.map { $0.declaration.name })
    let level2 = try #require(rows.first { $0["name"] as? String == "imager_level2" })
    #expect((level2["aliases"] as? String)?.contains("iris_pipeline.pipeline.Image2Pipeline") == true)
    let tsv = try await bench.run("list", "--columns", "name,kind").output.split(separator: "\n")
    #expect(tsv.first == "name\tkind" && tsv.contains("flat_field\tstep"))
    let wrong = try await bench.run("list", "--columns", "nmae")
    #expect(wrong.code == 64 && wrong.talk.contains("error: ") && wrong.talk.contains("hint: "))
  }

  /// Start-up is the whole of `list`. The clock is looked at in `make bench` (aim 50 ms); here the processor's time,
  /// 20 ms on a quiet machine, with room for a busy one.
  @Test func listIsQuick() async throws {
    let bench = try Workbench()
    var seconds: [Double] = []
    for _ in 0..<9 { seconds.append(try await bench.processorSeconds("list")) }
    let best = try #require(seconds.min())
    #expect(best > 0 && best < 0.1, "\(seconds)")
  }

  @Test(arguments: ["bkg_subtract", "jwst.background.BackgroundStep", "BackgroundStep"])
  func describeTellsEveryParameter(_ name: String) async throws {
    let bench = try Workbench()
    let text = try await bench.run("describe", name)
    #expect(text.code == 0 && text.output.contains("scale = 1 (number [0.0…10.0]): factor k of the sky"))
    let rows = try await bench.run("describe", name, "--format", "json").rows()
    let step = try #require(PipelineCatalog.registry.steps.first { $0.declaration.name == "bkg_subtract" })
    #expect(rows.compactMap { $0["parameter"] as? String } == step.declaration.parameters.map(\.name))
    #expect(rows.allSatisfy { ($0["help"] as? String)?.isEmpty == false && $0["default"] != nil })
  }

  @Test func describeOfAPipelineHasItsStepsInOrderAndItsOwnDefaults() async throws {
    let bench = try Workbench()
    let markdown = try await bench.run("describe", "create_dark", "--markdown").output
    let headings = markdown.split(separator: "\n").filter { $0.hasPrefix("## ") }.map {
      String($0.dropFirst(3))
    }
    #expect(headings == Pipeline.createDark.steps.map { $0.declaration.name })
    #expect(markdown.contains("| `min_frames` | integer |"))
    let rows = try await bench.run("describe", "create_dark", "--format", "json").rows()
    let frames = rows.first { $0["parameter"] as? String == "min_frames" }
    #expect(frames?["default"] as? String == Pipeline.createDark.defaults["combine_frames.min_frames"])
    #expect(try await bench.run("describe", "imager_levle2").code == 64)
  }

  @Test func checkTellsEverythingAtOnce() async throws {
    let bench = try Workbench()
    try bench.write(
      "bad.cfg",
      """
      name = "x"
      class = "imager_level2"
      save_result = True
      [steps]
        [[bkg_subtract]]
          scale = 30
          methd = median
        [[dark_curent]]
        [[flat_field]]
          override_flat = nowhere.fits
          words alone
          post_hooks = gone.sh
        [[bkg_subtract]]
      """)
    try bench.write("good.cfg", "class = imager_level2\n[steps]\n[[bkg_subtract]]\nscale = 0.5\n")
    let run = try await bench.run("check", "bad.cfg", "good.cfg", "--format", "json")
    #expect(run.code == 4)
    let rows = try run.rows()
    let bad = rows.filter { $0["file"] as? String == "bad.cfg" }
    #expect(Set(bad.compactMap { $0["line"] as? Int }) == [3, 6, 7, 8, 10, 11, 12, 13])
    #expect(bad.allSatisfy { $0["state"] as? String == "problem" })
    func hint(_ line: Int) -> String? { bad.first { $0["line"] as? Int == line }?["hint"] as? String }
    #expect(hint(3) == "did you mean 'save_results'?")
    #expect(hint(7) == "did you mean 'method'?")
    #expect(hint(8)?.contains("dark_current") == true)
    let good = try #require(rows.first { $0["file"] as? String == "good.cfg" })
    #expect(good["state"] as? String == "ok" && good["message"] as? String == "imager_level2")
    #expect(try await bench.run("check", "good.cfg").code == 0)
    #expect(try await bench.run("check", "nosuch.cfg").code == 66)
  }

  @Test(arguments: [
    ("class = imager_levle2\n", "did you mean 'imager_level2'"), ("name = x\n", "class = "),
  ])
  func aCfgWithoutARightClassIsAProblem(_ text: String, hint: String) async throws {
    let bench = try Workbench()
    try bench.write("c.cfg", text)
    let run = try await bench.run("check", "c.cfg")
    #expect(run.code == 4 && run.output.contains(hint), "\(run.output)")
  }
}
