import Foundation
import Glibc
import Testing

/// A daemon that is started, given files, and killed at a random moment, again and again; now and then it is one of
/// its jobs instead.
struct KillStorm {
  /// A file of the night: where it lies, and under which name it comes in.
  struct File: Sendable {
    var path: String
    var name: String
  }

  let archive: TestArchive
  let files: [File]
  private var dice: Dice
  /// Jobs one child of which was killed: a second one would use up attempts that the job's own faults may need.
  private var wounded: Set<String> = []
  private(set) var daemonsKilled = 0
  private(set) var childrenKilled = 0
  var kills: Int { daemonsKilled + childrenKilled }

  init(_ archive: TestArchive, _ files: [File], seed: UInt64) {
    self.archive = archive
    self.files = files
    dice = Dice(seed)
  }

  /// Kills `count` times while the files come in, and leaves no daemon running.
  ///
  /// - Parameter longest: seconds that a daemon lives at most.
  mutating func rage(kills count: Int, longest: Double) async throws {
    var given = 0
    var round = 0
    while kills < count {
      let daemon = try RawDaemon(archive)
      // All files have come when three quarters of the kills have: the rest falls into the work on them.
      let due = min(files.count, (files.count * 4 * (kills + 1) + 3 * count - 1) / (3 * count))
      for file in files[given..<max(given, due)] { try archive.drop(file.path, as: file.name) }
      given = max(given, due)
      if round % 5 == 4 { try await killChild(within: longest) }
      // Short lives fall into the start, long ones into the work.
      let life = longest * pow(Double.random(in: 0...1, using: &dice), 1.5)
      await Eventually.pause(life)
      #expect(daemon.isRunning, "the daemon ended by itself, kill \(kills): \(daemon.log)")
      daemon.kill()
      daemonsKilled += 1
      round += 1
      if kills % 20 == 0 { Torture.progress("\(kills) of \(count) kills, \(given) of \(files.count) files") }
    }
    for file in files[given...] { try archive.drop(file.path, as: file.name) }
  }

  /// Kills one running job whose attempts were left alone so far, when there is one.
  private mutating func killChild(within seconds: Double) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      for child in try Processes.jobs(of: archive.root) where !wounded.contains(child.job) {
        wounded.insert(child.job)
        await Eventually.pause(Double.random(in: 0...0.05, using: &dice))
        if Glibc.kill(child.pid, SIGKILL) == 0 { childrenKilled += 1 }
        return
      }
      await Eventually.pause(0.02)
    }
  }
}

/// A daemon that nobody waits for: it may be killed before it watches.
final class RawDaemon {
  private let process = Process()
  private let archive: TestArchive

  init(_ archive: TestArchive) throws {
    self.archive = archive
    process.executableURL = URL(fileURLWithPath: Programs.irisarchive)
    process.arguments = ["watch"]
    process.environment = Command.environment.merging(["IRISARCHIVE_ROOT": archive.root]) { _, new in new }
    let path = archive.root + "/logs/daemon.log"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit { kill() }

  var isRunning: Bool { process.isRunning }
  var log: String { String(archive.text("logs/daemon.log").suffix(2000)) }

  /// Kills it and waits until it is gone: its lock is free then.
  func kill() {
    guard process.isRunning else { return }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
