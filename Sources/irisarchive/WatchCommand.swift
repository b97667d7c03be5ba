import Archive
import ArgumentParser
import Dispatch
import Glibc
import Logging
import Settings
import Synchronization

/// `irisarchive watch`
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "The daemon, in the foreground; one per archive.",
    discussion: """
      SIGTERM and Ctrl-C stop it cleanly. With --once it takes in everything, treats every wait as passed, works \
      until all jobs and due hooks are done, and exits 0, or 5 when a job failed; interrupted before \
      that, 130 or 143.
      """)

  @OptionGroup var root: RootOptions
  @Flag(name: .long, help: "Take in everything, finish all work, and end.")
  var once = false
  @Option(
    name: .long, help: ArgumentHelp("Look every so often instead of using inotify.", valueName: "seconds"))
  var poll: Double?
  @Option(name: .long, help: ArgumentHelp("trace, debug, info, notice, warning, error.", valueName: "level"))
  var logLevel: String?

  func run() async throws {
    let path = try root.path()
    var flags: [SettingKey: (flag: String, value: String)] = [:]
    if let poll { flags[.pollInterval] = ("--poll", "\(poll)") }
    if let logLevel { flags[.logLevel] = ("--log-level", logLevel) }
    if root.debug { flags[.logLevel] = ("--debug", "debug") }
    let settings = try root.settings(flags: flags)
    Self.startLogging(level: Logger.Level(rawValue: settings.logLevel) ?? .info)
    let options = DaemonOptions(
      root: path, settings: settings, tmtrun: Programs.tmtrun(root: path, settings: settings), once: once,
      pollSeconds: settings.pollIntervalSeconds, logger: Logger(label: "irisarchive"))
    let stop = StopSignal()
    let summary = try await ArchiveDaemon(options).run()
    guard once else { return }
    Talk.line("\(summary.jobsDone) jobs done, \(summary.jobsFailed) failed")
    if summary.interrupted {
      Talk.line("error: interrupted before everything was done — \(path)\nhint: irisarchive watch --once")
      throw stop.isTermination ? ExitStatus.terminated : .interrupted
    }
    if summary.jobsFailed > 0 { throw ExitStatus.someFailed }
  }

  private static func startLogging(level: Logger.Level) {
    LoggingSystem.bootstrap { _ in DaemonLogHandler(level: level) }
  }
}

/// Which signal asked the daemon to stop; the daemon itself listens too.
private final class StopSignal: Sendable {
  private let terminated = Mutex(false)

  init() {
    let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global(qos: .userInteractive))
    source.setEventHandler { [weak self] in self?.terminated.withLock { $0 = true } }
    source.resume()
    // It lives as long as the process.
    _ = Unmanaged.passRetained(source as AnyObject)
  }

  var isTermination: Bool { terminated.withLock { $0 } }
}
