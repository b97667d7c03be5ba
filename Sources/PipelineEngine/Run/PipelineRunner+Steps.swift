import JobContract
import Logging

extension PipelineRunner {
  /// A step of the run in its order: one of ours, or one that only the documents know.
  enum Item {
    case step(any Step.Type)
    case unavailable(UnavailableStep)

    var name: String {
      switch self {
      case .step(let type): type.declaration.name
      case .unavailable(let step): step.name
      }
    }

    var className: String {
      switch self {
      case .step(let type): type.declaration.className
      case .unavailable(let step): step.className
      }
    }
  }

  /// Steps in the order of the documents, those that are not available in their places.
  func order() -> [Item] {
    var items: [Item] = []
    for step in pipeline.steps {
      let name = step.declaration.name
      items += pipeline.unavailable.filter { $0.before == name }.map { .unavailable($0) }
      items.append(.step(step))
    }
    return items + pipeline.unavailable.filter { $0.before == nil }.map { .unavailable($0) }
  }

  /// Runs one step, times it and writes its status into every header and into the record.
  func run(
    _ item: Item, on work: inout Workpiece, shelf: ReferenceShelf, record: inout RunRecord
  ) throws {
    let log = services.logger("\(label).\(item.name)")
    log.info("Step \(item.name) running with args \(Self.arguments(of: work)).")
    let clock = ProcessUsage.monotonicSeconds
    record.memory.begin()
    switch item {
    case .unavailable(let step):
      log.info("Step skipped.")
      work.setStatus(step.statusKeyword, "SKIPPED")
      record.add(step.name, .skipped, reason: "not part of this version", seconds: 0, parameters: nil)
    case .step(let type):
      guard let configuration = request.configuration.steps[type.declaration.name] else { return }
      let context = StepContext(
        parameters: configuration.parameters, logger: log, references: shelf, notes: record.notes)
      do {
        let outcome =
          configuration.skip
          ? .skipped(reason: "asked for (\(configuration.skipOrigin?.rawValue ?? "default"))")
          : try type.init().run(&work, in: context)
        let seconds = ProcessUsage.monotonicSeconds - clock
        record.add(type, outcome, seconds: seconds, parameters: configuration.parameters)
        work.setStatus(type.declaration.statusKeyword, outcome.statusText)
        if case .skipped = outcome { log.info("Step skipped.") }
      } catch {
        record.add(
          item.name, .failed, reason: ReportedError(error).message,
          seconds: ProcessUsage.monotonicSeconds - clock, parameters: configuration.parameters)
        throw error
      }
    }
    log.info("Step \(item.name) done")
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
