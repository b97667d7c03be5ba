import Foundation
import Testing

/// `tmtrun plan`: what a run would do, and where every value comes from.
@Suite struct PlanTests {
  private typealias Object = [String: any Sendable]

  private func steps(_ run: Workbench.Run) throws -> [String: Object] {
    let plan = try #require(try run.rows().first)
    let steps = try #require(plan["steps"] as? [Object])
    return Dictionary(uniqueKeysWithValues: steps.map { ($0["name"] as? String ?? "", $0) })
  }

  private func parameter(_ step: Object?, _ name: String) -> Object? {
    (step?["parameters"] as? [String: Object])?[name]
  }

  @Test func stepsParametersAndReferencesHaveTheirReasons() async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write(
      "sub/flat.cfg", "class = jwst.flatfield.FlatFieldStep\noverride_flat = '../dark.fits'\n")
    try bench.write(
      "image.cfg",
      """
      name = "Image2Pipeline"
      class = "iris_pipeline.pipeline.Image2Pipeline"
      [steps]
        [[bkg_subtract]]
          scale = 0.5
        [[dark_current]]
          skip = True
        [[flat_field]]
          config_file = sub/flat.cfg
      """)
    let run = try await bench.run(
      "plan", "image.cfg", "asn.json", "--steps.bkg_subtract.sigma=4", "--steps.bkg_subtract.method", "mean",
      "--format", "json")
    #expect(run.code == 0, "\(run.talk)")
    let plan = try #require(try run.rows().first)
    #expect(plan["product"] as? String == "a_cal.fits")
    #expect(
      (plan["members"] as? [Object])?.compactMap { $0["exptype"] as? String } == ["science", "background"])
    let steps = try steps(run)
    #expect(parameter(steps["bkg_subtract"], "scale")?["value"] as? String == "0.5")
    #expect(parameter(steps["bkg_subtract"], "scale")?["place"] as? String == "image.cfg:5")
    #expect(parameter(steps["bkg_subtract"], "sigma")?["origin"] as? String == "command line")
    #expect(parameter(steps["bkg_subtract"], "method")?["value"] as? String == "mean")
    #expect(parameter(steps["bkg_subtract"], "max_iterations")?["origin"] as? String == "default")
    #expect(steps["dark_current"]?["skip"] as? Bool == true)
    #expect((steps["dark_current"]?["reason"] as? String)?.contains("image.cfg:7") == true)
    let flat = (steps["flat_field"]?["references"] as? [Object])?.first
    #expect(flat?["origin"] as? String == "override")
    #expect((flat?["reason"] as? String)?.contains("sub/flat.cfg:2") == true)
    let mask = (steps["dq_init"]?["references"] as? [Object])?.first
    #expect(mask?["origin"] as? String == "none" && (mask?["reason"] as? String)?.isEmpty == false)
    // Nothing was made.
    #expect(try bench.products() == ["a_sci.fits", "dark.fits", "sky.fits"])
  }

  @Test func overridesAreWrittenAsInTheDocumentsToo() async throws {
    let bench = try Workbench()
    try bench.frames()
    let run = try await bench.run(
      "plan", "imager_level2", "a_sci.fits", "--override_dark=dark.fits", "--steps.flat_field.skip=true",
      "--format", "json")
    let steps = try steps(run)
    let dark = (steps["dark_current"]?["references"] as? [Object])?.first
    #expect(dark?["path"] as? String == bench.path + "/dark.fits")
    #expect((steps["flat_field"]?["reason"] as? String) == "asked for: command line")
  }

  @Test func rowsForAPipe() async throws {
    let bench = try Workbench()
    try bench.frames()
    let lines = try await bench.run("plan", "imager_level2", "asn.json").output.split(separator: "\n")
    #expect(lines.first?.split(separator: "\t").prefix(4) == ["product", "index", "step", "what"])
    #expect(lines.contains { $0.contains("bkg_subtract\tparameter\tscale\t1\tdefault") })
  }

  @Test(arguments: [
    (["imager_level2", "a_sci.fits", "--steps.bkg_subtract.scael=2"], 64, "did you mean 'scale'?"),
    (["imager_level2", "a_sci.fits", "--steps.bkg_subtract.scale=20"], 64, "0.0…10.0"),
    (
      ["imager_level2", "a_sci.fits", "--steps.bkg_subtract.scale", "--skip", "photom"], 64,
      "step.parameter=value"
    ),
    (["imager_level2", "gone.fits"], 66, "gone.fits"),
    (["imager_level2", "a_sci.fits", "--override_flat=gone.fits"], 66, "gone.fits"),
  ])
  func mistakesAreSentences(_ arguments: [String], code: Int32, words: String) async throws {
    let bench = try Workbench()
    try bench.frames()
    let run = try await bench.run(["plan"] + arguments)
    #expect(run.code == code, "\(run.talk)")
    #expect(run.talk.hasPrefix("error: ") && run.talk.contains(words), "\(run.talk)")
  }

  @Test func aThousandMembersArePlannedInASecond() async throws {
    let bench = try Workbench()
    try bench.frames()
    let sky = try Data(contentsOf: URL(fileURLWithPath: bench.path + "/sky.fits"))
    var members = [#"{"expname": "a_sci.fits", "exptype": "science"}"#]
    for index in 1..<1000 {
      try sky.write(to: URL(fileURLWithPath: "\(bench.path)/sky\(index).fits"))
      members.append(#"{"expname": "sky\#(index).fits", "exptype": "background"}"#)
    }
    try bench.write(
      "big.json",
      #"{"products": [{"name": "big", "members": [\#(members.joined(separator: ","))]}]}"#)
    let run = try await bench.run("plan", "imager_level2", "big.json", "--format", "json")
    #expect((try run.rows().first?["members"] as? [Object])?.count == 1000)
    // By the clock it is looked at in `make bench`.
    var seconds: [Double] = []
    for _ in 0..<3 { seconds.append(try await bench.processorSeconds("plan", "imager_level2", "big.json")) }
    let best = try #require(seconds.min())
    #expect(best > 0 && best < 1, "\(seconds)")
  }
}
