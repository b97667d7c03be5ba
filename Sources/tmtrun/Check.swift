import ArgumentParser
import JobContract
import PipelineEngine
import Tables

/// `tmtrun check CFG…`: reads cfg files as a run would and says everything that is wrong, without running.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check cfg files without running them.",
    discussion: "Exit code 4 when there are problems, 66 when a file is not there.")

  @Argument(help: "Files to check.")
  var files: [String]

  @OptionGroup var options: TableOptions

  func run() throws {
    var table = Table(
      [
        Column("file", .string), Column("line", .int), Column("state", .string, description: "ok or problem"),
        Column("message", .string), Column("hint", .string), Column("code", .string),
      ], name: "problems")
    var code = ExitCode.ok
    for file in files {
      let (pipeline, problems) = Program.registry.check(cfg: file)
      if problems.isEmpty {
        table.append([.string(file), .null, .string("ok"), Cell(pipeline), .null, .null])
      }
      for problem in problems { table.append(Self.row(problem, of: file)) }
      let isMissing = problems.contains { $0.code == "configuration-missing" && $0.subject == file }
      if isMissing {
        code = code == .ok ? .inputMissing : code
      } else if !problems.isEmpty {
        code = .problemsFound
      }
    }
    try options.put(table)
    if code != .ok { throw Failure.Exit(code: code.rawValue) }
  }

  private typealias ExitCode = PipelineEngine.ExitCode

  /// The subject of a problem is `file:line` where it has a line.
  private static func row(_ problem: ReportedError, of file: String) -> [Cell] {
    var (place, line) = (problem.subject, Int?.none)
    if let colon = place.lastIndex(of: ":"), let number = Int(place[place.index(after: colon)...]) {
      (place, line) = (String(place[..<colon]), number)
    }
    return [
      .string(place), Cell(line), .string("problem"), .string(problem.message), Cell(problem.hint),
      .string(problem.code),
    ]
  }
}
