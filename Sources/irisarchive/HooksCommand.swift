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
    commandName: "list", abstract: "Hooks by event, and why some are refused.")

  @OptionGroup var root: RootOptions
  @OptionGroup var list: ListOptions

  func run() throws {
    let rows = HookFolder(path: try root.path() + "/hooks").inspect().map { finding -> [Cell] in
      [
        .string(finding.event), .string(finding.name), .string(finding.accepted ? "accepted" : "refused"),
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
    commandName: "retry", abstract: "Put failed and dead deliveries back, of one hook or of all.")

  @OptionGroup var root: RootOptions
  @Argument(help: "A hook, by name or path; all without it.")
  var hook: String?

  func run() throws {
    let writer = try root.writer()
    var count = 0
    if let hook {
      for path in try writer.reader.hooksWithDeliveries(named: hook) {
        count += try writer.retryDeliveries(hook: path)
      }
    } else {
      count = try writer.retryDeliveries(hook: nil)
    }
    Answer.write("\(count) deliveries put back\n")
    if count == 0 { throw ExitStatus.nothingMatched }
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
    let trial = try HookTrial(root: try root.path(), event: event, hook: hook)
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
    try await HookTrial(root: try root.path(), event: event, hook: hook).run(
      .example(event: event, at: Clock.now))
  }
}
