import ArgumentParser
import Associations
import Foundation
import JobContract
import PipelineEngine
import Tables

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
      let message = command.message(for: error)
      StandardError.write(
        "error: \(Printable.line(message.prefix(1).lowercased() + message.dropFirst())) — tmtrun\n"
          + "hint: tmtrun --help\n")
      Foundation.exit(PipelineEngine.ExitCode.usage.rawValue)
    }
    let report = reported(error)
    show(report)
    Foundation.exit(PipelineEngine.ExitCode(code: report.code).rawValue)
  }

  /// The five fields of an error, also of rooms that the engine does not know.
  private static func reported(_ error: any Error) -> ReportedError {
    switch error {
    case let e as AssociationsError:
      ReportedError(code: e.code, message: e.message, subject: e.subject, hint: e.hint)
    case let e as TablesError:
      ReportedError(code: e.code, message: e.message, subject: e.subject, hint: e.hint)
    default: ReportedError(error)
    }
  }

  static func show(_ error: ReportedError) {
    StandardError.write("error: \(Printable.line(error.message)) — \(Printable.escaped(error.subject))\n")
    if let hint = error.hint { StandardError.write("hint: \(Printable.escaped(hint))\n") }
  }

  private typealias ExitCodeError = ArgumentParser.ExitCode

  private static func isParserError(_ error: any Error) -> Bool {
    let name = String(reflecting: type(of: error))
    return error is ValidationError || error is CleanExit || name.hasPrefix("ArgumentParser.")
  }
}

/// Text from files and libraries made fit for a terminal.
enum Printable {
  /// The first line, control characters escaped, of a length that a person reads.
  static func line(_ text: String) -> String {
    let first = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    let plain = escaped(first)
    return plain.count > 400 ? plain.prefix(400) + "…" : plain
  }

  /// Control characters as `\\x1b`.
  static func escaped(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 32 || (127...159).contains(scalar.value) {
        plain += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      } else {
        plain.unicodeScalars.append(scalar)
      }
    }
    return plain
  }
}

/// Talk goes to standard error, unbuffered and whole lines at a time. Nobody listening is no fault.
enum StandardError {
  static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
