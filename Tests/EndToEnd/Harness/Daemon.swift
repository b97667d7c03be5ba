import Foundation
import Glibc
import Synchronization

/// A running `irisarchive watch`; killed when a test forgets it, or keeps it to the end of the run.
final class Daemon: Sendable {
  let archive: TestArchive
  let process: Process
  var pid: Int32 { process.processIdentifier }

  /// Starts it and returns when it watches.
  ///
  /// - Parameters:
  ///   - prefix: words before the command: another user, a limit.
  ///   - environment: variables besides the usual ones.
  init(
    _ archive: TestArchive, _ options: [String] = [], prefix: [String] = [],
    environment: [String: String] = [:]
  ) async throws {
    self.archive = archive
    let words = prefix + [Programs.irisarchive, "watch"] + options
    process = Process()
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.environment = Command.environment.merging(["IRISARCHIVE_ROOT": archive.root]) { _, new in new }
      .merging(environment) { _, new in new }
    let log = try Self.log(archive.root + "/logs/daemon.log")
    process.standardOutput = log
    process.standardError = log
    process.standardInput = FileHandle.nullDevice
    try process.run()
    Self.kept.withLock { $0[ObjectIdentifier(process)] = process }
    try await waitUntilItWatches()
  }

  deinit {
    if process.isRunning { kill(pid, SIGKILL) }
    Self.kept.withLock { $0[ObjectIdentifier(process)] = nil }
  }

  /// Those that no test has let go yet.
  private static let kept = Mutex<[ObjectIdentifier: Process]>([:])

  /// Ends those that a test keeps for others, as nobody else will when the run is over.
  static func endAll() {
    for process in kept.withLock({ Array($0.values) }) where process.isRunning {
      kill(process.processIdentifier, SIGKILL)
    }
  }

  private static func log(_ path: String) throws -> FileHandle {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  private func waitUntilItWatches() async throws {
    try await Eventually.holds("the daemon watches", within: Torture.startUp, context: archive.summary) {
      guard process.isRunning else {
        throw CommandFailed(description: "the daemon ended with \(process.terminationStatus)\n\(log)")
      }
      guard let daemon = try await archive.status()["daemon"] as? [String: any Sendable] else { return false }
      return daemon["pid"] as? Int == Int(pid) && daemon["state"] as? String == "watching"
    }
  }

  /// Asks for the configuration to be read anew, and returns what `status` says of it.
  func reload() async throws -> [String: any Sendable] {
    func state() async throws -> [String: any Sendable]? {
      try await archive.status()["reload"] as? [String: any Sendable]
    }
    let before = try await state()?["at"] as? String
    kill(pid, SIGHUP)
    var now: [String: any Sendable]?
    try await Eventually.holds("a reload", within: 30, context: archive.summary) {
      now = try await state()
      return now != nil && now?["at"] as? String != before
    }
    return now ?? [:]
  }

  var log: String { archive.text("logs/daemon.log") }

  /// Sends a signal and waits for the end.
  ///
  /// - Returns: the exit code, or minus the signal that ended it.
  @discardableResult
  func stop(_ signal: Int32 = SIGTERM) async throws -> Int32 {
    kill(pid, signal)
    try await Eventually.holds("the daemon ends", within: 30, every: 0.01) { !process.isRunning }
    let status = process.terminationStatus
    return process.terminationReason == .uncaughtSignal ? -status : status
  }
}
