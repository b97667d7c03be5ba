import ArgumentParser
import Foundation
import Simulator

/// How the command reads its arguments and says what went wrong.
enum Failure {
  /// Runs `body`; an error of the simulator is said on stderr and ends the command with 1.
  static func reporting(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as SimulatorError {
      say("error: \(error)")
      if let hint = error.hint { say("hint: \(hint)") }
      throw ExitCode(1)
    }
  }

  /// The start of a night or an exposure; the default night's when none is given.
  static func start(_ text: String?) throws -> SimulatedTime {
    guard let text else { return Night.defaultStart }
    guard let time = SimulatedTime(text) else {
      throw ValidationError("'\(text)' is not a date: yyyy-mm-dd or yyyy-mm-ddThh:mm:ss (UTC)")
    }
    return time
  }

  /// The readout of a real detector through so many outputs.
  static func readout(channels: Int) throws -> ReadoutOptions {
    guard ReadoutOptions.possibleChannels.contains(channels) else {
      throw ValidationError("a detector has 1, 4, 16, 32 or 64 outputs, not \(channels)")
    }
    var options = ReadoutOptions()
    options.channels = channels
    return options
  }

  /// A folder's path without slashes at the end.
  static func folder(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  /// A line on stderr.
  static func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}
