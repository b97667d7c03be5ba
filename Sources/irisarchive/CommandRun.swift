import ArgumentParser
import CatalogStore
import Foundation
import Glibc

/// One run of the program: parses the line, runs the command, tells an error in its one form, and leaves with
/// the exit code of that error.
enum CommandRun {
  static func main(_ arguments: [String]) async -> Never {
    let arguments = CommandLineForm.rewritten(arguments)
    do {
      var command = try IrisArchive.parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      exit(0)
    } catch {
      leave(error, arguments)
    }
  }

  private static func leave(_ error: any Error, _ arguments: [String]) -> Never {
    if let failure = error as? CommandFailure {
      tell(failure, arguments)
      exit(failure.status.rawValue)
    }
    if let status = error as? ExitStatus { exit(status.rawValue) }
    if let told = error as? any ToldError {
      let failure = CommandFailure(told)
      tell(failure, arguments)
      exit(failure.status.rawValue)
    }
    let code = IrisArchive.exitCode(for: error)
    guard code == .validationFailure else {
      // Help, version and completion scripts are answers, not errors.
      if code == .success {
        Answer.write(IrisArchive.fullMessage(for: error) + "\n")
        exit(0)
      }
      tell(CommandFailure(code: "failed", message: "\(error)", subject: "irisarchive"), arguments)
      exit(code.rawValue)
    }
    let command = CommandLineForm.command(in: arguments)
    let message = IrisArchive.message(for: error)
    tell(
      CommandFailure(
        code: "usage", message: message.prefix(1).lowercased() + message.dropFirst(), subject: command,
        hint: CommandLineForm.nearCommands(arguments) ?? "\(command) --help"), arguments)
    exit(ExitStatus.usage.rawValue)
  }

  private static func tell(_ failure: CommandFailure, _ arguments: [String]) {
    var text = "error: \(failure)\n"
    if let hint = failure.hint { text += "hint: \(CommandFailure.oneLine(hint))\n" }
    if arguments.contains("--debug") {
      text += "code: \(failure.code)\n"
      if let underlying = failure.underlying { text += "underlying: \(String(reflecting: underlying))\n" }
    }
    Talk.write(text)
  }
}

/// Small rewritings of the command line that the parser cannot express.
enum CommandLineForm {
  /// `--columns` without a value asks for the list of columns.
  static func rewritten(_ arguments: [String]) -> [String] {
    var result: [String] = []
    for (index, argument) in arguments.enumerated() {
      let next = index + 1 < arguments.count ? arguments[index + 1] : nil
      let isBare = argument == "--columns" && (next == nil || next?.hasPrefix("-") == true)
      result.append(isBare ? "--columns=\(ListOptions.askForColumns)" : argument)
    }
    return result
  }

  /// The command that a line names, for hints.
  static func command(in arguments: [String]) -> String {
    arguments.first.flatMap { names.contains($0) ? "irisarchive \($0)" : nil } ?? "irisarchive"
  }

  /// "did you mean …" when the first word is no command.
  static func nearCommands(_ arguments: [String]) -> String? {
    guard let first = arguments.first, !first.hasPrefix("-"), !names.contains(first) else { return nil }
    let near = NearNames.matches(of: first, in: names)
    return near.isEmpty ? nil : "did you mean irisarchive \(near.joined(separator: " or irisarchive "))?"
  }

  private static var names: [String] {
    var names: [String] = []
    for group in IrisArchive.configuration.groupedSubcommands {
      for subcommand in group.subcommands {
        if let name = subcommand.configuration.commandName { names.append(name) }
      }
    }
    return names
  }
}
