import ArgumentParser
import CatalogStore
import Foundation
import Glibc

/// `irisarchive log`
struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "The log of a job, or of the run that made a product.")

  @OptionGroup var root: RootOptions
  @Argument(help: "A job (J000042) or a product.")
  var job: String
  @Flag(name: .shortAndLong, help: "Go on until the job has ended.")
  var follow = false
  @Option(name: .long, help: "Attempt; the last one without it.")
  var attempt: Int?

  func run() async throws {
    let reader = try root.reader()
    let record = try self.record(reader)
    guard let run = try await run(of: record, reader) else {
      let none = attempt.map { "attempt \($0)" } ?? "any attempt"
      throw CommandFailure(
        code: "no-such-record", message: "\(record.name) has not made \(none) yet (it is \(record.state))",
        subject: record.name, hint: "irisarchive jobs show \(record.name)")
    }
    let path = try JobLog(root: root).path(run: run, job: record.name)
    try await copy(path) {
      try follow && reader.runs(job: record.id).contains { $0.id == run.id && $0.state == "running" }
    }
  }

  /// The attempt that was asked for; with `--follow` the first one of a queued job is waited for.
  private func run(of job: JobRecord, _ reader: CatalogReader) async throws -> RunRecord? {
    while true {
      let runs = try reader.runs(job: job.id)
      let run = attempt.map { number in runs.first { $0.attempt == number } } ?? runs.last
      // The log's file is there as soon as the program runs.
      if let run, run.state != "running" || !follow || access(run.folder + "/job.log", F_OK) == 0 {
        return run
      }
      let state = try reader.job(named: job.name)?.state ?? "gone"
      guard follow, ["waiting", "queued", "running"].contains(state) else { return run }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func record(_ reader: CatalogReader) throws -> JobRecord {
    switch try RecordFinder(reader: reader).find(job) {
    case .job(let job): return job
    case .frame(let frame):
      if let origin = try reader.origin(ofProduct: frame.id) { return origin.job }
      throw CommandFailure(
        code: "no-such-record", message: "a raw file was made by no job", subject: frame.name,
        hint: "irisarchive show \(ShellWord.quoted(frame.name))")
    case .association(let association):
      let jobs = try reader.jobs().filter { $0.associationID == association.id }
      guard let last = jobs.last else {
        throw CommandFailure(
          code: "no-such-record", message: "this association has no job yet", subject: association.name,
          hint: "irisarchive show \(association.name)")
      }
      return last
    }
  }

  /// Writes what the file has, and what it gets while `more` holds.
  private func copy(_ path: String, while more: () throws -> Bool) async throws {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure(code: "input-missing", message: "the log cannot be opened", subject: path)
    }
    defer { try? file.close() }
    while true {
      let goesOn = try more()
      while let data = try file.read(upToCount: 1 << 16), !data.isEmpty {
        Answer.write(String(decoding: data, as: UTF8.self))
      }
      guard goesOn else { return }
      try await Task.sleep(for: .milliseconds(300))
    }
  }
}
