import ArgumentParser
import Foundation
import JobContract
import PipelineEngine

/// How the program ends when something went wrong: `error: … — subject`, `hint: …`, and the exit code.
enum Failure {
  /// An error that was reported already; only the code is left to give.
  struct Exit: Error {
    let code: Int32
  }

  static func end(with error: any Error, command: any ParsableCommand.Type) -> Never {
    if let exit = error as? Exit { Foundation.exit(exit.code) }
    let parserCode = command.exitCode(for: error)
    if error is ExitCodeError || isParserError(error) {
      let text = command.fullMessage(for: error)
      if parserCode == .success {
        print(text)
        Foundation.exit(0)
      }
      StandardError.write(text.replacing("Error:", with: "error:", maxReplacements: 1) + "\n")
      Foundation.exit(PipelineEngine.ExitCode.usage.rawValue)
    }
    let report = ReportedError(error)
    show(report)
    Foundation.exit(PipelineEngine.ExitCode(code: report.code).rawValue)
  }

  static func show(_ error: ReportedError) {
    StandardError.write("error: \(error.message) — \(error.subject)\n")
    if let hint = error.hint { StandardError.write("hint: \(hint)\n") }
  }

  private typealias ExitCodeError = ArgumentParser.ExitCode

  private static func isParserError(_ error: any Error) -> Bool {
    let name = String(reflecting: type(of: error))
    return error is ValidationError || error is CleanExit || name.hasPrefix("ArgumentParser.")
  }
}

/// Talk goes to standard error, unbuffered and whole lines at a time.
enum StandardError {
  static func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
