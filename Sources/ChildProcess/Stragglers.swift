import Foundation
import Glibc

/// Processes that left the group of the program that began them (`setsid`, a double fork) and so are out of reach of
/// ``ProgramRun``, but still carry the environment they were started with.
public enum Stragglers {
  /// Rounds after which it gives up on processes that fork faster than they are found.
  private static let rounds = 20

  /// Kills every process whose environment, as it was started, holds `entry` (`NAME=value`).
  ///
  /// Choose an entry that nothing else on the machine can have. A process that cleared its environment, or runs as
  /// another user whose processes this one may not look at, is not found: that is what a service manager's control
  /// group is for.
  ///
  /// - Returns: how many were killed.
  @discardableResult
  public static func end(holding entry: String) -> Int {
    var killed: Set<pid_t> = []
    for _ in 0..<rounds {
      let found = processes(holding: entry)
      if found.isEmpty { break }
      for pid in found where kill(pid, SIGKILL) == 0 { killed.insert(pid) }
    }
    return killed.count
  }

  /// Ids of running processes that hold `entry`, this one excepted.
  public static func processes(holding entry: String) -> [pid_t] {
    let wanted = Array(entry.utf8)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { name -> pid_t? in
      guard let pid = pid_t(name), pid != getpid() else { return nil }
      // A process that has ended meanwhile, or is not ours to look at, has no environment to read.
      guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return nil }
      return data.split(separator: 0).contains { $0.elementsEqual(wanted) } ? pid : nil
    }
  }
}
