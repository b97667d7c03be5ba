import Dispatch
import Foundation
import Glibc

/// Ctrl-C, TERM and a closed terminal end the program without leaving a half-written file.
enum Interruption {
  /// From now on SIGINT (exit 130), SIGTERM (143) and SIGHUP (129) remove this process's temporary files in
  /// `directory`. A log that nobody reads any more (SIGPIPE) ends nothing: the products are what is wanted. Who started
  /// the program with SIGHUP ignored (`nohup`) keeps it so.
  static func cleanUp(in directory: String) {
    signal(SIGPIPE, SIG_IGN)
    var inherited = sigaction()
    sigaction(SIGHUP, nil, &inherited)
    let isDetached = unsafeBitCast(inherited.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
    for number in isDetached ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler {
        Program.hooks.stop(within: 5)
        removeTemporaryFiles(in: directory)
        StandardError.write("error: interrupted — no half-written file is left; what was done before stays\n")
        _exit(128 + number)
      }
      source.resume()
      // It lives as long as the process.
      _ = Unmanaged.passRetained(source as AnyObject)
    }
  }

  private static func removeTemporaryFiles(in directory: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    // The whole number: process 123 owns nothing of process 1234's. A second attempt at a name ends in `-1` and so on.
    let marks = [".\(getpid()).", ".\(getpid())-"]
    for name in names
    where name.hasPrefix(".") && name.hasSuffix(".tmp") && marks.contains(where: name.contains) {
      // A hook's scratch folder too.
      try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
    }
  }
}
