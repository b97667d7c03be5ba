import Archive
import Foundation
import Glibc

/// What systemd says to a service in its environment.
enum ServiceEnvironment {
  /// Gives the daemon its manager, when there is one.
  static func introduce(to options: inout DaemonOptions) {
    let environment = ProcessInfo.processInfo.environment
    options.notifier = environment["NOTIFY_SOCKET"].flatMap { ServiceNotifier(socket: $0) }
    // The programs that the daemon starts get an environment of their own, so none of them speaks for it.
    let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
    guard isForUs, let text = environment["WATCHDOG_USEC"], let microseconds = Double(text) else { return }
    if microseconds > 0 { options.watchdogSeconds = microseconds / 1e6 }
  }

  /// Whether standard error is the journal's (`JOURNAL_STREAM` names its device and inode).
  static var standardErrorIsTheJournal: Bool {
    guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
    var status = stat()
    guard fstat(STDERR_FILENO, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }
}
