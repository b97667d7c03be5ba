import JobContract
import Logging

extension PipelineRunner {
  /// Runs one step with its hooks, times it and writes its status into every header and into the record.
  func run(
    _ item: Pipeline.Item, on work: inout Workpiece, shelf: ReferenceShelf, hashes: InputHashes,
    record: inout RunRecord
  ) throws {
    let log = services.logger("\(label).\(item.name)")
    log.info("Step \(item.name) running with args \(Self.arguments(of: work)).")
    record.memory.begin()
    switch item {
    case .unavailable(let step):
      log.info("Step skipped.")
      work.setStatus(step.statusKeyword, "SKIPPED")
      record.add(step.name, .skipped, reason: "not part of this version", seconds: 0, parameters: nil)
    case .step(let type):
      guard let configuration = request.configuration.steps[type.declaration.name] else { return }
      try run(type, configuration, on: &work, shelf: shelf, hashes: hashes, record: &record, log: log)
    }
    log.info("Step \(item.name) done")
  }

  private func run(
    _ type: any Step.Type, _ configuration: StepConfiguration, on work: inout Workpiece,
    shelf: ReferenceShelf, hashes: InputHashes, record: inout RunRecord, log: Logger
  ) throws {
    let name = type.declaration.name
    let parameters = configuration.parameters
    let context = StepContext(
      parameters: parameters, logger: log, references: shelf, notes: record.notes,
      previousMaster: request.previousMaster)
    var clock = ProcessUsage.monotonicSeconds
    let outcome: StepOutcome
    do {
      if configuration.skip {
        outcome = .skipped(reason: "asked for (\(configuration.skipping.origin.rawValue))")
      } else {
        try call(configuration.hooks, .pre, of: name, parameters: parameters, record: record, log: log)
        clock = ProcessUsage.monotonicSeconds
        outcome = try type.init().run(&work, in: context)
      }
    } catch {
      record.add(
        name, .failed, reason: ReportedError(error).message, seconds: ProcessUsage.monotonicSeconds - clock,
        parameters: parameters)
      throw error
    }
    record.add(type, outcome, seconds: ProcessUsage.monotonicSeconds - clock, parameters: parameters)
    work.setStatus(type.declaration.statusKeyword, outcome.statusText)
    guard outcome == .complete else { return log.info("Step skipped.") }
    let saved =
      try request.configuration.saves(configuration)
      ? save(after: type.declaration, work, hashes: hashes, record: &record) : nil
    try call(
      configuration.hooks, .post, of: name, parameters: parameters, path: saved, record: record, log: log)
  }

  private static func arguments(of work: Workpiece) -> String {
    guard let first = work.frames.first else {
      return work.ramp == nil ? "()" : "(<TMTRampModel>,)"
    }
    let model = "<IRISImageModel(\(first.height), \(first.width)) from \(first.member.name)>"
    guard !work.backgrounds.isEmpty else { return "(\(model),)" }
    let names = work.backgrounds.map { "'\($0.member.name)'" }.joined(separator: ", ")
    return "(\(model), [\(names)])"
  }
}

extension StepOutcome {
  var statusText: String {
    switch self {
    case .complete: "COMPLETE"
    case .skipped: "SKIPPED"
    }
  }
}

extension Workpiece {
  /// Writes a step's status into the headers of all frames being reduced. What an earlier run did stays done: a
  /// skipped step leaves `COMPLETE` as it is.
  mutating func setStatus(_ keyword: String, _ status: String) {
    for i in frames.indices where status == "COMPLETE" || frames[i].status(keyword) != "COMPLETE" {
      frames[i].header.set(keyword, .string(status))
    }
    if status == "COMPLETE" || ramp?.header.string(keyword) != "COMPLETE" {
      ramp?.header.set(keyword, .string(status))
    }
  }
}
