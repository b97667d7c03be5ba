import ChildProcess
import Foundation

/// What a command came to.
struct CommandResult: Sendable {
  /// nil when it was ended by a signal or took too long.
  let exit: Int32?
  let out: String
  let talk: String

  var lines: [String] { out.split(separator: "\n").map(String.init) }
}

/// Runs one program to its end.
enum Command {
  static let environment = [
    "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent",
  ]

  static func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], timeout: Double = 120
  ) async throws -> CommandResult {
    let end = try await ProgramRun(
      executable: program, arguments: arguments,
      environment: Self.environment.merging(environment) { _, new in new },
      output: .captured(limit: 64 << 20), errorOutput: .captured(limit: 4 << 20), timeout: .seconds(timeout)
    ).run()
    var exit: Int32?
    if case .exited(let code) = end.cause { exit = code }
    return CommandResult(
      exit: exit, out: String(decoding: end.output, as: UTF8.self),
      talk: String(decoding: end.errorOutput, as: UTF8.self))
  }

  /// As `run`; a command that does not exit with 0 is an error with its own words.
  @discardableResult
  static func succeed(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], timeout: Double = 120
  ) async throws -> CommandResult {
    let result = try await run(program, arguments, environment: environment, timeout: timeout)
    guard result.exit == 0 else {
      throw CommandFailed(
        description:
          "\(program) \(arguments.joined(separator: " ")): exit \(result.exit ?? -1)\n\(result.talk)")
    }
    return result
  }
}

struct CommandFailed: Error, CustomStringConvertible {
  let description: String
}
