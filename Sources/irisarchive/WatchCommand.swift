import Archive
import ArgumentParser
import Glibc
import Logging
import Settings

/// `irisarchive watch`
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "The daemon, in the foreground; one per archive.",
    discussion: """
      SIGTERM and Ctrl-C stop it cleanly. With --once it takes in everything, treats every wait as passed, works \
      until all jobs and due hooks are done, and exits 0, or 5 when a job failed; interrupted before \
      that, 130; stopped by a disk below its reserve, 75.

      SIGHUP reads settings, rules and hooks anew; a configuration that will not do is refused, and irisarchive status \
      says why. (On a terminal SIGHUP stops it, as closing the terminal should.)
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
    let level = LogLevel(settings.logLevel)
    DaemonLog.start(level: level)
    var options = DaemonOptions(
      root: path, settings: settings, tmtrun: Programs.tmtrun(root: path, settings: settings), once: once,
      pollSeconds: settings.pollIntervalSeconds, logger: Logger(label: "irisarchive"))
    if !once && isatty(STDERR_FILENO) == 0 {
      options.reread = { [root, flags] in
        let settings = try root.settings(flags: flags)
        return (settings, Programs.tmtrun(root: path, settings: settings))
      }
    }
    options.useLogLevel = { level.set($0) }
    ServiceEnvironment.introduce(to: &options)
    let summary = try await ArchiveDaemon(options).run()
    guard once else { return }
    Talk.line("\(summary.jobsDone) jobs done, \(summary.jobsFailed) failed")
    if summary.interrupted {
      Talk.line("error: interrupted before everything was done — \(path)\nhint: irisarchive watch --once")
      throw ExitStatus.interrupted
    }
    if let shortage = summary.shortage {
      throw CommandFailure(
        code: "disk-low", message: "jobs were left undone: \(shortage.concern.reason)",
        subject: shortage.path,
        hint: shortage.concern.next)
    }
    if summary.jobsFailed > 0 { throw ExitStatus.someFailed }
  }
}
