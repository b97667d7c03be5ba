import ArgumentParser
import CatalogStore
import Foundation
import Tables

/// `irisarchive jobs`
struct JobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "The queue: list, show, retry, cancel.",
    subcommands: [JobsList.self, JobsShow.self, JobsRetry.self, JobsCancel.self],
    defaultSubcommand: JobsList.self)
}

/// `irisarchive jobs list`
struct JobsList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Jobs, oldest first.")
  static let states = ["waiting", "queued", "running", "done", "failed", "cancelled", "dead"]

  @OptionGroup var root: RootOptions
  @Option(name: .long, help: "Only jobs in this state: \(states.joined(separator: ", ")).")
  var state: [String] = []
  @OptionGroup var list: ListOptions

  mutating func validate() throws {
    for word in state where !Self.states.contains(word) {
      let near = NearNames.matches(of: word, in: Self.states).joined(separator: " or ")
      throw ValidationError("there is no job state '\(word)'\(near.isEmpty ? "" : "; did you mean \(near)?")")
    }
  }

  func run() throws {
    let jobs = try root.reader().jobs(states: state)
    try list.put(Self.table(jobs))
    if jobs.isEmpty && !state.isEmpty { throw ExitStatus.nothingMatched }
  }

  static func table(_ jobs: [JobRecord]) -> Table {
    Table(
      [
        Column("name", .string), Column("state", .string), Column("pipeline", .string),
        Column("association", .string), Column("priority", .int), Column("attempts", .int),
        Column("created_at", .string), Column("started_at", .string), Column("ended_at", .string),
        Column("reason", .string),
      ],
      rows: jobs.map {
        [
          .string($0.name), .string($0.state), .string($0.pipeline), .string($0.association),
          Cell($0.priority),
          Cell($0.attempts), Cell(time: $0.createdAt), Cell(time: $0.startedAt), Cell(time: $0.endedAt),
          Cell($0.reason),
        ]
      }, name: "jobs")
  }
}

/// `irisarchive jobs show`
struct JobsShow: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "One job and its attempts.")

  enum Form: String, ExpressibleByArgument, CaseIterable { case table, tsv, json }

  @OptionGroup var root: RootOptions
  @Argument(help: "A job, J000042.")
  var job: String
  @Option(name: .long, help: "Form of the answer: table, tsv, json.")
  var format: Form?

  func run() throws {
    let reader = try root.reader()
    guard let record = try reader.job(named: job) else { throw JobWishes.missing(job) }
    let description = SubjectDescription(reader: reader)
    if format == .json {
      return Answer.write(try JSONValue.object(description.json(.job(record))).rendered())
    }
    let chosen: TableFormat = format == .tsv || (format == nil && !Answer.isTerminal) ? .tsv : .table
    Answer.write(chosen.render(try description.table(.job(record))))
  }
}

/// `irisarchive jobs retry`
struct JobsRetry: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Queue failed, dead or cancelled jobs again.")

  @OptionGroup var root: RootOptions
  @Argument(help: "Jobs, J000042.")
  var jobs: [String]

  func run() throws {
    let writer = try root.writer()
    let user = NSUserName()
    try JobWishes(names: jobs, verb: "retried").run { name in
      try writer.retry(job: name, by: user, at: Clock.now)
    }
  }
}

/// `irisarchive jobs cancel`
struct JobsCancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Take jobs out of the queue, and end those that run.",
    discussion: """
      A running job is ended by the daemon (TERM, and KILL after [jobs] grace); the command waits for its end. A \
      cancelled job is not made again by itself: irisarchive jobs retry, or reprocess, brings it back.
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: "Jobs, J000042.")
  var jobs: [String]

  func run() async throws {
    let writer = try root.writer()
    let user = NSUserName()
    var running: [String] = []
    let wishes = JobWishes(names: jobs, verb: "cancelled")
    let failures = try wishes.failures { name in
      let wish = try writer.cancel(job: name, by: user, at: Clock.now)
      if wish == .asked { running.append(name) }
      return wish
    }
    let left = try await ended(running, writer.reader)
    try wishes.end(with: failures + left)
  }

  /// Waits until jobs that ran are not running any more.
  ///
  /// - Returns: those whose end was not seen, or that came to their own end before.
  private func ended(_ names: [String], _ reader: CatalogReader) async throws -> [CommandFailure] {
    let pulse = DaemonPulse(root: try root.path(), fact: try reader.fact("daemon"))
    let patience = pulse.isRunning == true ? try root.settings().jobGraceSeconds + 20 : 0
    let deadline = ContinuousClock.now + .seconds(patience)
    var failures: [CommandFailure] = []
    for name in names {
      var job = try reader.job(named: name)
      while job?.state == "running", ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(100))
        job = try reader.job(named: name)
      }
      switch job?.state {
      case "cancelled": Answer.write("\(name) cancelled\n")
      case "running":
        let why = pulse.isRunning == true ? "its end was not seen yet" : "no daemon is running to see its end"
        Talk.line("\(name) is to be cancelled: \(why); irisarchive jobs show \(name)")
      default:
        failures.append(
          CommandFailure(
            code: "job-state",
            message: "\(name) ended before it could be cancelled: it is \(job?.state ?? "gone")",
            subject: name, hint: "irisarchive jobs show \(name)"))
      }
    }
    return failures
  }
}

/// Wishes about jobs, each by itself; the running daemon sees them.
struct JobWishes {
  let names: [String]
  let verb: String

  func run(_ wish: (String) throws -> JobWish) throws { try end(with: try failures(wish)) }

  /// Carries each out and tells those that are done.
  func failures(_ wish: (String) throws -> JobWish) throws -> [CommandFailure] {
    var failures: [CommandFailure] = []
    for name in names {
      switch try wish(name) {
      case .done: Answer.write("\(name) \(verb)\n")
      case .asked: break
      case .unknown: failures.append(Self.missing(name))
      case .refused(let why, let hint):
        failures.append(CommandFailure(code: "job-state", message: why, subject: name, hint: hint))
      }
    }
    return failures
  }

  func end(with failures: [CommandFailure]) throws {
    guard let first = failures.first else { return }
    if names.count == 1 { throw first }
    for failure in failures { Talk.line("error: \(failure)") }
    throw failures.count < names.count ? ExitStatus.someFailed : first.status
  }

  static func missing(_ name: String) -> CommandFailure {
    CommandFailure(
      code: "no-such-job", message: "there is no such job", subject: name, hint: "irisarchive jobs list")
  }
}
