import ChildProcess
import Foundation
import Glibc
import Logging

/// One call of one executable before or after a step: no shell, no arguments, one JSON object on standard input, a
/// scrubbed environment, a process group and a scratch folder of its own.
struct HookCall {
  enum Moment: String, Encodable { case pre, post }

  /// What the hook reads, on one line.
  struct Payload: Encodable {
    /// The step, or the pipeline for a hook of the whole run.
    var step: String
    var when: Moment
    var pipeline: String
    /// The first member's path, and all of them.
    var input: String?
    var inputs: [String]
    /// The file that holds the model at this moment; null when it is only in memory.
    var path: String?
    /// The product's path, once it is written.
    var product: String?
    /// Parameter -> value as text of a cfg.
    var parameters: [String: String]

    private enum CodingKeys: String, CodingKey {
      case step, when, pipeline, input, inputs, path, product, parameters
    }

    /// Absent paths are written as null: a reader need not ask twice.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(step, forKey: .step)
      try container.encode(when, forKey: .when)
      try container.encode(pipeline, forKey: .pipeline)
      try container.encode(input, forKey: .input)
      try container.encode(inputs, forKey: .inputs)
      try container.encode(path, forKey: .path)
      try container.encode(product, forKey: .product)
      try container.encode(parameters, forKey: .parameters)
    }
  }

  let program: String
  let payload: Payload
  let timeoutSeconds: Double
  /// Where the scratch folder is made and removed again.
  let directory: String
  let running: RunningHooks

  /// Runs the hook and waits for its end; what it says on standard output goes to the log.
  /// - Throws: `EngineError` `hook-failed` with its last words on standard error.
  func run(log: Logger) throws(EngineError) {
    // Nobody can make it beforehand, and what is there already is not taken over.
    let scratch = "\(directory)/.hook.\(getpid()).\(UUID().uuidString).tmp"
    guard mkdir(scratch, 0o700) == 0 else {
      throw failed("its scratch folder cannot be made: \(String(cString: strerror(errno)))", nil)
    }
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    log.info("Running \(payload.when.rawValue) hook \(program)")
    let end = try wait(for: program(in: scratch))
    for line in Self.lines(end.output).prefix(100) { log.info("\(line)") }
    guard !end.succeeded else { return }
    let words = Self.lines(end.errorOutput).suffix(3).joined(separator: " | ")
    throw failed("\(end.cause)\(words.isEmpty ? "" : ": \(words)")", nil)
  }

  private func program(in scratch: String) throws(EngineError) -> ProgramRun {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? encoder.encode(payload) else { throw failed("its input is no JSON", nil) }
    return ProgramRun(
      executable: program,
      environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": scratch, "LANG": "C.UTF-8"],
      workingDirectory: scratch, standardInput: .data(line + Data("\n".utf8)),
      output: .captured(limit: 1 << 16), errorOutput: .captured(limit: 1 << 20),
      limits: ChildProcess.ResourceLimits(fileBytes: 64 << 20), timeout: .seconds(timeoutSeconds),
      grace: RunningHooks.grace)
  }

  /// The engine is synchronous: its thread waits (it is never one of the cooperative pool's).
  private func wait(for run: ProgramRun) throws(EngineError) -> ProgramEnd {
    do throws(ChildProcessError) {
      return try running.wait(for: run)
    } catch {
      throw failed(error.message, error)
    }
  }

  private func failed(_ why: String, _ underlying: (any Error)?) -> EngineError {
    EngineError(
      "hook-failed", "a \(payload.when.rawValue) hook of \(payload.step) failed: \(why)", subject: program,
      hint: "its input is one JSON object on standard input; exit code 0 lets the run go on",
      underlying: underlying)
  }

  private static func lines(_ data: Data) -> [String] {
    String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
  }
}
