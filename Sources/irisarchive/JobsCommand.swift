import ArgumentParser
import CatalogStore
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
    guard let record = try reader.job(named: job) else { throw JobChange.missing(job) }
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
    try JobChange(root: root, verb: "retried", allowed: "only failed, dead and cancelled jobs can be").run(
      jobs, to: "queued")
  }
}

/// `irisarchive jobs cancel`
struct JobsCancel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Take waiting or queued jobs out of the queue.")

  @OptionGroup var root: RootOptions
  @Argument(help: "Jobs, J000042.")
  var jobs: [String]

  func run() throws {
    try JobChange(root: root, verb: "cancelled", allowed: "only waiting and queued jobs can be").run(
      jobs, to: "cancelled")
  }
}

/// Changes the state of jobs, each by itself; the running daemon sees it.
struct JobChange {
  let root: RootOptions
  let verb: String
  let allowed: String

  func run(_ names: [String], to state: String) throws {
    let writer = try root.writer()
    var failures: [CommandFailure] = []
    for name in names {
      guard let job = try writer.reader.job(named: name) else {
        failures.append(Self.missing(name))
        continue
      }
      if try writer.change(job: name, to: state) {
        Answer.write("\(name) \(verb)\n")
      } else {
        failures.append(
          CommandFailure(
            code: "job-state", message: "\(name) is \(job.state) and was not \(verb): \(allowed)",
            subject: name,
            hint: "irisarchive jobs show \(name)"))
      }
    }
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
