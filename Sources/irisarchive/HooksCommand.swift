import Archive
import ArgumentParser
import CatalogStore
import Tables

/// `irisarchive hooks`
struct HooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hooks", abstract: "Programs that are told of events: list, log, retry, run, test.",
    subcommands: [HooksList.self, HooksLog.self, HooksRetry.self, HooksRun.self, HooksTest.self],
    defaultSubcommand: HooksList.self)
}

/// `irisarchive hooks list`
struct HooksList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Hooks by event, and why some are refused.",
    discussion: """
      A hook is accepted or refused; settings (hooks/<event>.cfg) that are not understood, and folders of events that \
      do not exist, are faulty.
      """)

  @OptionGroup var root: RootOptions
  @OptionGroup var list: ListOptions

  func run() throws {
    let folder = HookFolder(root: try root.path())
    let findings = folder.inspect().filter(\.accepted) + folder.faults()
    let rows = findings.map { finding -> [Cell] in
      [
        .string(finding.event), .string(finding.name), .string(finding.state),
        Cell(finding.reason), .string(finding.path),
      ]
    }
    try list.put(
      Table(
        [
          Column("event", .string), Column("name", .string), Column("state", .string),
          Column("reason", .string),
          Column("path", .string),
        ], rows: rows, name: "hooks"))
  }
}

/// `irisarchive hooks log`
struct HooksLog: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Deliveries, newest first: what was told to whom, and how it ended.")

  @OptionGroup var root: RootOptions
  @Option(
    name: .long, help: "Only deliveries in this state: \(StatusText.deliveryStates.joined(separator: ", ")).")
  var state: String?
  @Argument(help: "Only this hook, by name or path.")
  var hook: String?
  @OptionGroup var list: ListOptions

  func run() throws {
    if let state, !StatusText.deliveryStates.contains(state) {
      throw CommandFailure(
        code: "usage", message: "there is no such state of a delivery", subject: state,
        hint: StatusText.deliveryStates.joined(separator: " "))
    }
    if let hook { try KnownHooks(root: root).require(hook) }
    let deliveries = try root.reader().deliveryLog(hook: hook, state: state, limit: list.limit)
    let rows = deliveries.records.map { record -> [Cell] in
      [
        Cell(time: record.time), .string(record.type), .string(record.subject), .string(record.hook),
        .string(record.state), Cell(record.attempts), Cell(time: record.endedAt), Cell(record.reason),
        .string(record.eventID),
      ]
    }
    try list.put(
      Table(
        [
          Column("time", .string), Column("event", .string), Column("subject", .string),
          Column("hook", .string),
          Column("state", .string), Column("attempts", .int), Column("ended_at", .string),
          Column("reason", .string), Column("event_id", .string),
        ], rows: rows, name: "deliveries"), total: deliveries.total)
  }
}

/// `irisarchive hooks retry`
struct HooksRetry: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Put failed and dead deliveries back, of one hook or of all.",
    discussion: """
      Those that wait for another attempt are tried at once, too. The event and its id stay the same, and its attempts \
      are counted anew.
      """)

  @OptionGroup var root: RootOptions
  @Option(name: .long, help: "Only this event, by its id (hooks log).")
  var event: String?
  @Argument(help: "A hook, by name or path; all without it.")
  var hook: String?

  func run() throws {
    let writer = try root.writer()
    if let hook { try KnownHooks(root: root).require(hook) }
    let paths = try hook.map { try writer.reader.hooksWithDeliveries(named: $0).map(Optional.some) } ?? [nil]
    var count = 0
    for path in paths { count += try writer.retryDeliveries(hook: path, event: event, now: Clock.now) }
    Answer.write("\(count) deliveries put back\n")
    if count == 0 { throw ExitStatus.nothingMatched }
  }
}

/// Names that a hook is known by.
struct KnownHooks {
  let root: RootOptions

  /// - Throws: ``CommandFailure`` `no-such-record` for a name that no hook has and that nothing was delivered to.
  func require(_ name: String) throws {
    let there = HookFolder(root: try root.path()).inspect()
    if there.contains(where: { $0.name == name || $0.path == name }) { return }
    if try !root.reader().hooksWithDeliveries(named: name).isEmpty { return }
    let near = NearNames.matches(of: name, in: there.map(\.name))
    throw CommandFailure(
      code: "no-such-record", message: "there is no such hook, and nothing was ever told to one",
      subject: name,
      hint: near.isEmpty ? "irisarchive hooks list" : "did you mean \(near.joined(separator: " or "))?")
  }
}

/// `irisarchive hooks run`
struct HooksRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Tell the newest event of a kind once more, now; the queue is left alone.")

  @OptionGroup var root: RootOptions
  @Argument(help: "Event, e.g. product-ready.")
  var event: String
  @Option(name: .long, help: "Only the newest event about this file or association.")
  var subject: String?
  @Option(name: .long, help: "Only this hook, by name.")
  var hook: String?

  func run() async throws {
    let trial = try HookTrial(root: root, event: event, hook: hook)
    guard let delivery = try root.reader().newestEvent(type: event, subject: subject) else {
      throw CommandFailure(
        code: "no-such-record", message: "no such event was told yet", subject: subject ?? event,
        hint: "irisarchive hooks test \(event)")
    }
    try await trial.run(delivery)
  }
}

/// `irisarchive hooks test`
struct HooksTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Tell the hooks of an event something made up, and show how they end.")

  @OptionGroup var root: RootOptions
  @Argument(help: "Event, e.g. product-ready.")
  var event: String
  @Option(name: .long, help: "Only this hook, by name.")
  var hook: String?

  func run() async throws {
    try await HookTrial(root: root, event: event, hook: hook).run(
      .example(event: event, at: Clock.now))
  }
}
