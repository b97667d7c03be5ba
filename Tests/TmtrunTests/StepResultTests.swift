import DataModels
import Foundation
import Glibc
import JobContract
import PipelineEngine
import Testing

/// `save_results`, `pre_hooks` and `post_hooks` of steps, by hand and as a job.
@Suite struct StepResultTests {
  private typealias Object = [String: any Sendable]

  /// Writes its input into a file named by step and moment.
  private static let writer = """
    #!/bin/sh
    cat >"$(dirname "$0")/said.json.$$"
    env >"$(dirname "$0")/environment"
    mv "$(dirname "$0")/said.json.$$" "$(dirname "$0")/said.json"

    """

  private func said(_ bench: Workbench, _ name: String = "said.json") throws -> Object {
    try #require(
      try JSONSerialization.jsonObject(with: Data(bench.text(name).utf8)) as? Object)
  }

  @Test func resultsOfStepsAreSavedBesideTheProductAndNeverOverwritten() async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write(
      "image.cfg",
      "class = imager_level2\n[steps]\n[[bkg_subtract]]\nsave_results = True\n[[flat_field]]\nskip = True\n")
    let arguments = [
      "image.cfg", "asn.json", "--override", "dark=dark.fits", "--set", "dark_current.save_results=true",
      "-o",
      "out",
    ]
    for _ in 1...2 { #expect(try await bench.run(arguments).code == 0) }
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.path + "/out").sorted()
    // Intermediate results have no preview.
    #expect(names.filter { $0.hasSuffix(".png") } == ["a_cal.png", "a_cal_v02.png"])
    #expect(
      names.filter { !$0.hasSuffix(".png") } == [
        "a_bkg_subtract.fits", "a_bkg_subtract_v02.fits", "a_cal.fits", "a_cal_v02.fits",
        "a_dark_current.fits", "a_dark_current_v02.fits",
      ])
    let after = try bench.image("out/a_bkg_subtract.fits")
    #expect(after.science[0, 0] == 60)
    #expect(after.header.string("S_BKDSUB") == "COMPLETE" && after.header.string("S_DARK") == nil)
    #expect(after.header.string("FILENAME") == "a_bkg_subtract.fits")
    #expect(after.header.string("DATAMODL") == "IRISImageModel")
    #expect(try bench.image("out/a_dark_current.fits").header.string("R_DARK") == "dark.fits")
  }

  @Test func hooksReadWhatHappened() async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write("hooks/pre", Self.writer, mode: 0o755)
    try bench.write("saved/post", Self.writer, mode: 0o755)
    try bench.write("whole/post", Self.writer, mode: 0o755)
    try bench.write(
      "image.cfg",
      """
      class = imager_level2
      post_hooks = whole/post
      [steps]
        [[bkg_subtract]]
          scale = 0.5
          pre_hooks = hooks/pre,
          post_hooks = "saved/post",
          save_results = True
      """)
    let run = try await bench.run(["image.cfg", "asn.json"], environment: ["SECRET": "x"])
    #expect(run.code == 0, "\(run.talk)")
    let pre = try said(bench, "hooks/said.json")
    #expect(pre["step"] as? String == "bkg_subtract" && pre["when"] as? String == "pre")
    #expect(pre["path"] is NSNull && pre["product"] is NSNull)
    #expect(pre["inputs"] as? [String] == [bench.path + "/a_sci.fits", bench.path + "/sky.fits"])
    #expect((pre["parameters"] as? [String: String])?["scale"] == "0.5")
    let post = try said(bench, "saved/said.json")
    #expect(post["when"] as? String == "post")
    #expect(post["path"] as? String == bench.path + "/a_bkg_subtract.fits")
    let whole = try said(bench, "whole/said.json")
    #expect(whole["step"] as? String == "imager_level2")
    #expect(whole["product"] as? String == bench.path + "/a_cal.fits")
    let environment = Set(
      bench.text("hooks/environment").split(separator: "\n").map { $0.prefix { $0 != "=" } })
    #expect(environment.isSubset(of: ["PATH", "HOME", "LANG", "PWD", "_", "SHLVL", "OLDPWD"]))
    #expect(run.talk.contains("Running pre hook \(bench.path)/hooks/pre"))
    // Nobody can guess the scratch folder beforehand, not even from the run's own number.
    let homes = ["hooks/environment", "saved/environment", "whole/environment"].compactMap {
      bench.text($0).split(separator: "\n").first { $0.hasPrefix("HOME=") }
    }
    #expect(homes.count == 3 && Set(homes).count == 3, "\(homes)")
    // The scratch folder is gone.
    let left = try FileManager.default.contentsOfDirectory(atPath: bench.path).filter { $0.hasPrefix(".") }
    #expect(left == [])
  }

  @Test func hooksOfASkippedStepDoNotRun() async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write("hooks/pre", Self.writer, mode: 0o755)
    let run = try await bench.run(
      "imager_level2", "asn.json", "--set", "dark_current.pre_hooks=hooks/pre", "--skip", "dark_current")
    #expect(run.code == 0 && bench.text("hooks/said.json").isEmpty)
  }

  @Test func aFailingHookEndsTheRunWithItsLastWords() async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write(
      "no", "#!/bin/sh\necho first >&2; echo 'the disk is full' >&2; exit 3\n", mode: 0o755)
    let run = try await bench.run("imager_level2", "asn.json", "--set", "dark_current.pre_hooks=no")
    #expect(run.code == 1)
    let error = try #require(run.talk.split(separator: "\n").last { $0.hasPrefix("error: ") })
    #expect(error.contains("exit code 3") && error.contains("the disk is full"))
    #expect(error.hasSuffix("— \(bench.path)/no"))
    #expect(try bench.products() == ["a_sci.fits", "dark.fits", "sky.fits"])
  }

  @Test func aHookThatHangsIsStopped() async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write("hang", "#!/bin/sh\nexec sleep 600\n", mode: 0o755)
    let run = try await bench.run(
      "imager_level2", "asn.json", "--set", "flat_field.pre_hooks=hang", "--set",
      "flat_field.hooks_timeout=0.2")
    #expect(run.code == 1 && run.talk.contains("timed out"), "\(run.talk)")
  }

  /// Ctrl-C, TERM and a closed terminal end the hook too, which has a process group of its own, also one that does not
  /// listen to TERM.
  @Test(arguments: [("INT", 130, ""), ("INT", 130, "trap '' TERM"), ("HUP", 129, ""), ("TERM", 143, "")])
  func anInterruptedRunLeavesNoHook(signal: String, code: Int32, trap: String) async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write(
      "hang",
      """
      #!/bin/sh
      \(trap)
      cd "$(dirname "$0")"
      echo $$ >pid
      # Whose number only begins like the run's own is a neighbour.
      : >".a_cal.fits.$PPID.tmp"
      : >".neighbour.fits.${PPID}9.tmp"
      kill -\(signal) $PPID
      exec sleep 120

      """, mode: 0o755)
    let run = try await bench.run("imager_level2", "asn.json", "--set", "dark_current.pre_hooks=hang")
    #expect(run.code == code, "\(run.talk)")
    let pid = try #require(Int32(bench.text("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kill(pid, 0) != 0 && errno == ESRCH)
    let left = try FileManager.default.contentsOfDirectory(atPath: bench.path).filter { $0.hasPrefix(".") }
    #expect(left.count == 1 && left.allSatisfy { $0.hasPrefix(".neighbour") }, "\(left)")
  }

  // MARK: as a job

  private func job(
    _ bench: Workbench, configuration: String? = nil, references: [ResolvedReference] = []
  ) throws -> String {
    try FileManager.default.createDirectory(atPath: bench.path + "/job", withIntermediateDirectories: true)
    let spec = JobSpec(
      job: "J1", attempt: 1, token: "t", pipeline: "imager_level2", configuration: configuration,
      association: "a1", associationRule: "imager-level2",
      inputs: [JobInput(name: "a", path: bench.path + "/a_sci.fits", sha256: "aa", exptype: .science)],
      references: references,
      outputDirectory: bench.path + "/job", fileNames: ["cal": "final_cal.fits"])
    return try bench.write("job.json", String(decoding: try JSONEncoder().encode(spec), as: UTF8.self))
  }

  private func report(_ bench: Workbench) throws -> RunReport {
    try JSONDecoder().decode(RunReport.self, from: Data(bench.text("job/report.json").utf8))
  }

  @Test func jobsRunHooksOfACfgThatNobodyElseCanChange() async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write("conf/pre", Self.writer, mode: 0o755)
    let cfg = try bench.write(
      "conf/imager_level2.cfg",
      "class = imager_level2\n[steps]\n[[dark_current]]\npre_hooks = pre\n[[flat_field]]\nconfig_file = f.cfg\n"
    )
    try bench.write("conf/f.cfg", "name = f\n")
    let job = try job(bench, configuration: cfg)
    #expect(try await bench.run("--job", job).code == 0)
    #expect(try said(bench, "conf/said.json")["pipeline"] as? String == "imager_level2")
    #expect(try report(bench).notes.contains("pre hook pre of dark_current ran"))

    // Each of the three files decides what is run.
    for name in ["conf/pre", "conf/imager_level2.cfg", "conf/f.cfg"] {
      let mode = name == "conf/pre" ? 0o755 : 0o644
      try FileManager.default.removeItem(atPath: bench.path + "/conf/said.json")
      try FileManager.default.setAttributes(
        [.posixPermissions: mode | 0o020], ofItemAtPath: "\(bench.path)/\(name)")
      try FileManager.default.removeItem(atPath: bench.path + "/job")
      let job = try self.job(bench, configuration: cfg)
      let run = try await bench.run("--job", job)
      #expect(run.code == 78, "\(name): \(run.talk)")
      let error = try #require(try report(bench).error)
      #expect(error.code == "hook-refused" && error.message.contains("writable by group or others"))
      #expect(error.subject.hasSuffix(name), "\(error.subject)")
      #expect(bench.text("conf/said.json").isEmpty)
      try bench.write("conf/said.json", "")
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(bench.path)/\(name)")
    }
    // A folder above them too.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: bench.path + "/conf")
    try FileManager.default.removeItem(atPath: bench.path + "/job")
    #expect(try await bench.run("--job", self.job(bench, configuration: cfg)).code == 78)
  }

  /// What a link names can be changed by whoever can change the link.
  @Test(arguments: ["hook", "cfg"]) func jobsFollowNoLinks(what: String) async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write("conf/pre", Self.writer, mode: 0o755)
    try bench.write("conf/f.cfg", "name = f\n")
    try bench.write("open/nothing", "")
    let files = FileManager.default
    for name in ["pre", "f.cfg"] {
      try files.createSymbolicLink(
        atPath: "\(bench.path)/open/\(name)", withDestinationPath: "../conf/\(name)")
    }
    try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: bench.path + "/open")
    let line = what == "hook" ? "pre_hooks = ../open/pre" : "pre_hooks = pre\nconfig_file = ../open/f.cfg"
    let cfg = try bench.write(
      "conf/imager_level2.cfg", "class = imager_level2\n[steps]\n[[dark_current]]\n\(line)\n")
    let job = try job(bench, configuration: cfg)
    let run = try await bench.run("--job", job)
    #expect(run.code == 78, "\(run.talk)")
    let error = try #require(try report(bench).error)
    #expect(error.code == "hook-refused" && error.message.contains("links are not followed"))
    #expect(error.subject.hasSuffix(what == "hook" ? "/open/pre" : "/open/f.cfg"), "\(error.subject)")
    #expect(bench.text("conf/said.json").isEmpty)
  }

  @Test func aWrongCfgOfTheArchiveIsItsOwnFault() async throws {
    let bench = try Workbench()
    try bench.frames()
    let cfg = try bench.write(
      "imager_level2.cfg", "class = imager_level2\n[steps]\n[[dark_current]]\nno_such = 1\n")
    for path in [cfg, bench.path + "/absent.cfg"] {
      let job = try job(bench, configuration: path)
      #expect(try await bench.run("--job", job).code == 78)
      #expect(try report(bench).exitCode == 78)
      #expect(try report(bench).error?.subject.hasPrefix(path) == true)
    }
  }

  /// The archive says which bytes it chose.
  @Test func aReferenceThatChangedSinceItWasChosenEndsTheJob() async throws {
    let bench = try Workbench()
    try bench.frames()
    let dark = bench.path + "/dark.fits"
    let chosen = try ContentHash.ofFile(dark)
    let sky = bench.path + "/sky.fits"
    func run(_ sha256: String) async throws -> RunReport {
      let reference = ResolvedReference(type: "dark", origin: .context, path: dark, sha256: sha256)
      try? FileManager.default.removeItem(atPath: bench.path + "/job")
      let job = try job(bench, references: [reference])
      _ = try await bench.run("--job", job)
      return try report(bench)
    }
    let good = try await run(chosen)
    #expect(good.exitCode == 0, "\(String(describing: good.error))")
    #expect(good.references.first { $0.reference.type == "dark" }?.reference.sha256 == chosen)
    let bad = try await run(try ContentHash.ofFile(sky))
    #expect(bad.exitCode == 65 && bad.error?.code == "reference-changed" && bad.error?.subject == dark)
    #expect(bad.products.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path + "/job") == ["report.json"])
  }

  @Test func jobsDoNotSaveResultsOfSteps() async throws {
    let bench = try Workbench()
    try bench.frames()
    let cfg = try bench.write(
      "imager_level2.cfg", "class = imager_level2\n[steps]\n[[dark_current]]\nsave_results = True\n")
    let job = try job(bench, configuration: cfg)
    let run = try await bench.run("--job", job)
    #expect(run.code == 78)
    let error = try #require(try report(bench).error)
    #expect(error.code == "job-save-results" && error.subject == cfg + ":4")
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path + "/job") == ["report.json"])
  }
}
