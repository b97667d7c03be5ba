import CfgFormat
import Foundation
import JobContract
import PipelineEngine
import Testing

@Suite struct RunConfigurationTests {
  @Test func layersWinInTheirOrderWhateverTheOrderOfTheCalls() throws {
    let folder = try TestFolder()
    let path = try folder.write("a.cfg", "[steps]\n[[first]]\nscale = 3\nmethod = median\n")
    var configuration = try RunConfiguration(sample)
    #expect(configuration.steps["first"]?.parameters["scale"] == .number(2))
    try configuration.set("first.scale", "4", from: .commandLine)
    try configuration.merge(CfgFile(path: path))
    #expect(configuration.steps["first"]?.parameters["scale"] == .number(4))
    #expect(configuration.steps["first"]?.parameters.origin(of: "scale") == .commandLine)
    #expect(configuration.steps["first"]?.parameters["method"] == .string("median"))
    #expect(configuration.steps["first"]?.parameters.origin(of: "method") == .cfg)
    try configuration.set("first.scale", "5", from: .job)
    #expect(configuration.steps["first"]?.parameters.number("scale") == 5)
  }

  @Test func documentedCfgWithIncludedStepFile() throws {
    let folder = try TestFolder()
    try folder.write(
      "sub/second.cfg", "name = \"second\"\nclass = \"x.SecondStep\"\noverride_flat = 'flat.fits'\n")
    try folder.write("sub/flat.fits", "")
    let path = try folder.write(
      "image.cfg",
      """
      name = "Image2Pipeline"
      class = "documents.pipeline.SamplePipeline"
      save_results = True

          [steps]
            [[first]]
              skip = True
            [[second]]
              config_file = sub/second.cfg
            [[later]]
              skip = True
      """)
    let file = try CfgFile(path: path)
    #expect(file.className == "documents.pipeline.SamplePipeline")
    var configuration = try RunConfiguration(sample)
    try configuration.merge(file)
    #expect(configuration.logName == "Image2Pipeline")
    #expect(configuration.steps["first"]?.skip == true)
    #expect(configuration.overrides == ["flat": "\(folder.path)/sub/flat.fits"])
  }

  /// As a cfg's `override_flat = None`.
  @Test func noneOnTheCommandLineLeavesAReferenceToTheRules() throws {
    let folder = try TestFolder()
    let flat = try folder.write("flat.fits", "")
    let path = try folder.write("a.cfg", "[steps]\n[[second]]\noverride_flat = \(flat)\n")
    for withdraw in [
      { (configuration: inout RunConfiguration) in try configuration.override("flat", with: "None") },
      { try $0.set("second.override_flat", "None", from: .commandLine) },
    ] {
      var configuration = try RunConfiguration(sample)
      try configuration.merge(CfgFile(path: path))
      #expect(configuration.overrides == ["flat": flat])
      try withdraw(&configuration)
      #expect(configuration.overrides.isEmpty)
    }
  }

  @Test func hooksAreExecutablesBesideTheCfg() throws {
    let folder = try TestFolder()
    var configuration = try RunConfiguration(sample)
    try configuration.merge(CfgFile(path: folder.write("a.cfg", "pre_hooks = None\npost_hooks = ,\n")))
    #expect(configuration.hooks.isEmpty)
    let python = try folder.write("b.cfg", "pre_hooks = a.b, c.d\n")
    let error = #expect(throws: EngineError.self) { try configuration.merge(CfgFile(path: python)) }
    #expect(error?.code == "cfg-bad-value")
    #expect(error?.subject == python + ":1")
    let hook = try folder.write("sub/hook", "#!/bin/sh\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
    try configuration.merge(
      CfgFile(
        path: folder.write(
          "sub/c.cfg",
          "hooks_timeout = 2.5\npost_hooks = hook\n[steps]\n[[first]]\npre_hooks = hook, ../sub/hook\n")))
    #expect(configuration.hooks.post.value == [hook])
    #expect(configuration.hooks.timeoutSeconds.value == 2.5)
    #expect(configuration.steps["first"]?.hooks.pre.value == [hook, hook])
    #expect(throws: EngineError.self) { try configuration.set("first.pre_hooks", hook, from: .job) }
    try configuration.set("first.pre_hooks", hook, from: .commandLine)
    #expect(configuration.steps["first"]?.hooks.pre.value == [hook])
  }

  @Test func aWholePipelineMayIncludeAnother() throws {
    let folder = try TestFolder()
    try folder.write(
      "common/base.cfg",
      "[steps]\n[[first]]\nscale = 3\nmethod = median\n[[second]]\noverride_flat = f.fits\n")
    try folder.write("common/f.fits", "")
    let path = try folder.write("a.cfg", "config_file = common/base.cfg\n[steps]\n[[first]]\nscale = 4\n")
    var configuration = try RunConfiguration(sample)
    try configuration.merge(CfgFile(path: path))
    let first = try #require(configuration.steps["first"]?.parameters)
    #expect(first["scale"] == .number(4) && first.place(of: "scale") == "\(path):4")
    #expect(first["method"] == .string("median"))
    #expect(first.place(of: "method") == "\(folder.path)/common/base.cfg:4")
    #expect(configuration.overrides == ["flat": "\(folder.path)/common/f.fits"])
    #expect(configuration.cfgFiles == [path, "\(folder.path)/common/base.cfg"])
  }

  @Test func aWeakerOverrideDoesNotUndoAStronger() throws {
    let folder = try TestFolder()
    var configuration = try RunConfiguration(sample)
    try configuration.override("flat", with: "mine.fits")
    try configuration.merge(CfgFile(path: folder.write("a.cfg", "override_flat = theirs.fits\n")))
    #expect(configuration.overrides == ["flat": "mine.fits"])
  }

  @Test func parametersOfTheRulesLieUnderTheCfg() throws {
    let folder = try TestFolder()
    let path = try folder.write("pars.cfg", "scale = 5\nmethod = median\nskip = True\n")
    var configuration = try RunConfiguration(sample)
    try configuration.merge(CfgFile(path: folder.write("a.cfg", "[steps]\n[[first]]\nscale = 3\n")))
    try configuration.merge(parameterReferences: [
      ResolvedReference(type: "pars-first", origin: .context, path: path),
      ResolvedReference(type: "pars-unknown", origin: .context, path: path),
      ResolvedReference(type: "flat", origin: .context, path: "/nowhere"),
    ])
    let first = try #require(configuration.steps["first"])
    #expect(first.parameters["scale"] == .number(3))
    #expect(first.parameters["method"] == .string("median"))
    #expect(first.parameters.origin(of: "method") == .reference)
    #expect(first.skip && first.skipOrigin == .reference)
  }

  @Test(arguments: [
    ("[steps]\n[[first]]\nscael = 3\n", "cfg-unknown-key", ":3", "scale"),
    ("[steps]\n[[frist]]\nscale = 3\n", "cfg-unknown-step", ":2", "first"),
    ("[steps]\n[[first]]\n\nscale = 30\n", "cfg-bad-value", ":4", "describe"),
    ("[steps]\n[[first]]\nmethod = mode\n", "cfg-bad-value", ":3", "describe"),
    ("[stepz]\n[[first]]\n", "cfg-unknown-section", ":1", "steps"),
    ("nmae = x\n", "cfg-unknown-key", ":1", "name"),
    ("[steps]\n[[second]]\noverride_dark = x.fits\n", "cfg-unknown-key", ":3", "override_flat"),
    ("[steps]\n[[first]]\nskip = maybe\n", "cfg-bad-value", ":3", "True"),
    ("skip = True\n", "cfg-bad-value", ":1", "steps"),
    ("name = x\nsave_results = False\n", "cfg-bad-value", ":2", "True"),
  ])
  func mistakesAreNamedWithTheirLine(_ text: String, code: String, line: String, hint: String) throws {
    let folder = try TestFolder()
    let path = try folder.write("bad.cfg", text)
    var configuration = try RunConfiguration(sample)
    let error = #expect(throws: EngineError.self) { try configuration.merge(CfgFile(path: path)) }
    #expect(error?.code == code)
    #expect(error?.subject == path + line)
    #expect(error?.hint?.contains(hint) == true)
    #expect(ExitCode(code: code) == .badData)
  }

  @Test func includesThatLeadBackAreRefused() throws {
    let folder = try TestFolder()
    try folder.write("b.cfg", "config_file = b.cfg\n")
    let path = try folder.write("a.cfg", "[steps]\n[[first]]\nconfig_file = b.cfg\n")
    var configuration = try RunConfiguration(sample)
    let error = #expect(throws: EngineError.self) { try configuration.merge(CfgFile(path: path)) }
    #expect(error?.code == "cfg-cycle")
  }

  @Test func commandLineMistakesAreUsageErrors() throws {
    var configuration = try RunConfiguration(sample)
    let unknown = #expect(throws: EngineError.self) {
      try configuration.set("first.scael", "3", from: .commandLine)
    }
    #expect(unknown?.code == "unknown-parameter")
    #expect(unknown?.hint == "did you mean 'scale'?")
    let bad = #expect(throws: EngineError.self) {
      try configuration.set("first.scale", "x", from: .commandLine)
    }
    #expect(bad.map { ExitCode(code: $0.code) } == .usage)
    #expect(throws: EngineError.self) { try configuration.skip("thrid", from: .commandLine) }
    #expect(throws: EngineError.self) { try configuration.override("mask", with: "x") }
    try configuration.skip("later", from: .commandLine)
  }

  @Test func everyKindOfValueIsTyped() throws {
    var configuration = try RunConfiguration(sample)
    try configuration.set("first.rounds", "None", from: .commandLine)
    #expect(configuration.steps["first"]?.parameters.integer("rounds") == nil)
    try configuration.set("first.rounds", "4", from: .commandLine)
    #expect(configuration.steps["first"]?.parameters.integer("rounds") == 4)
    #expect(throws: EngineError.self) { try configuration.set("first.rounds", "4.5", from: .commandLine) }
    try configuration.set("first.labels", "a, b", from: .commandLine)
    #expect(configuration.steps["first"]?.parameters["labels"] == .list(["a", "b"]))
  }
}
