import ArgumentParser
import CfgFormat
import DataModels
import Foundation
import JobContract
import PipelineEngine

/// `tmtrun <cfg | pipeline | step> <file | association>…`, and `tmtrun --job job.json`.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a pipeline or a step (the default command).", shouldDisplay: false)

  @Argument(help: "A .cfg, or the name, alias or class of a pipeline or step.")
  var target: String?

  @Argument(help: "FITS files, or associations (.json).")
  var inputs: [String] = []

  @OptionGroup var choices: ConfigurationOptions

  @OptionGroup var following: FollowOptions

  @Option(
    name: .customLong("compare-master"),
    help: "Compare a new master with this one: pixels off by 6 sigma, level, noise.")
  var comparedMaster: String?

  @Option(help: "Write the report (parameters, references, times, quality) as JSON into this file.")
  var report: String?

  @Flag(name: .customLong("no-preview"), help: "Make no quick-look PNG beside each product.")
  var noPreview = false

  @Option(help: "Run the job in this file, as the archive does.")
  var job: String?

  @Flag(help: "With --job: end, with the whole process group, when standard input ends.")
  var lifeline = false

  @Flag(name: .shortAndLong, help: "Log warnings and errors only.")
  var quiet = false

  @Flag(help: "Log more.")
  var verbose = false

  func run() throws {
    if lifeline { Lifeline.hold() }
    let level: LogLevel = quiet ? .quiet : verbose ? .verbose : .normal
    if let job {
      let spec = try JobRunner.spec(at: job)
      Interruption.cleanUp(in: spec.outputDirectory)
      let report = try JobRunner(registry: Program.registry, services: Program.services(level)).run(spec)
      return try end(with: [report])
    }
    guard let target else {
      throw ValidationError("a pipeline and its inputs are missing; see tmtrun list")
    }
    try runByHand(target, level: level)
  }

  private func runByHand(_ target: String, level: LogLevel) throws {
    let configured: RunConfiguration
    do {
      configured = try choices.configuration(for: target)
    } catch let error as EngineError where error.code == "unknown-pipeline" {
      throw Self.withCommands(error, target)
    }
    Interruption.cleanUp(in: choices.outputDirectory)
    let live = try following.live()
    guard live != nil || !inputs.isEmpty else {
      throw ValidationError("no input file or association is given")
    }
    try Self.check(live, configured, inputs)
    if let report { try ReportFile.checkFolder(of: report, made: choices.outputDirectory) }
    let hand = HandRunner(
      configuration: configured, inputs: live.map { [$0.first] } ?? inputs,
      outputDirectory: choices.outputDirectory,
      cache: Program.referenceCache, comparedMaster: comparedMaster, wantsPreviews: !noPreview,
      live: live, services: Program.services(level))
    let reports = try hand.run()
    if let report { try ReportFile.write(reports, to: report) }
    try end(with: reports)
  }

  /// Only ramps land read by read.
  private static func check(
    _ live: LiveReadouts?, _ configuration: RunConfiguration, _ inputs: [String]
  ) throws {
    guard live != nil else { return }
    guard configuration.pipeline.intake == .ramp, inputs.isEmpty else {
      throw ValidationError(
        "--follow goes with a pipeline of readouts, and without files: tmtrun readout --follow DIR")
    }
  }

  /// What is no pipeline may be a misspelt command.
  private static func withCommands(_ error: EngineError, _ target: String) -> EngineError {
    let commands = TMTRun.configuration.subcommands.map { $0._commandName }
    guard let near = nearMatches(of: target, in: commands).first else { return error }
    return EngineError(
      error.code, "no pipeline, step or command of that name", subject: target, hint: "tmtrun \(near)")
  }

  /// Prints what failed; one failure ends with its own code, some of many with 5.
  private func end(with reports: [RunReport]) throws {
    let failed = reports.filter { $0.status == .failed }
    for report in failed { report.error.map(Failure.show) }
    guard let first = failed.first else { return }
    let isPartial = failed.count < reports.count
    throw Failure.Exit(code: isPartial ? PipelineEngine.ExitCode.someFailed.rawValue : first.exitCode)
  }
}
