import Foundation
import Glibc

/// What the kernel tells of running processes.
public enum ProcessFacts {
  /// Peak resident memory of a running process so far, bytes; nil when it is gone.
  public static func peakMemoryBytes(of pid: Int32) -> UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
    return words.count > 1 ? UInt64(words[1]).map { $0 * 1024 } : nil
  }

  /// Processes whose argument list holds `words` one after another, whole.
  public static func running(with words: [String]) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { pid in
      guard pid != getpid(), let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
        return false
      }
      return holds(
        data.split(separator: 0, omittingEmptySubsequences: false).map {
          String(decoding: $0, as: UTF8.self)
        },
        words)
    }
  }

  private static func holds(_ list: [String], _ words: [String]) -> Bool {
    guard !words.isEmpty, list.count >= words.count else { return false }
    return (0...(list.count - words.count)).contains { Array(list[$0..<($0 + words.count)]) == words }
  }

  /// Kills processes, each with its group where it leads one, and returns when they are gone (or cannot be ended).
  ///
  /// - Returns: those that were there.
  @discardableResult
  public static func end(_ pids: [Int32], within seconds: Double = 5) -> [Int32] {
    for pid in pids { kill(getpgid(pid) == pid ? -pid : pid, SIGKILL) }
    let deadline = ContinuousClock.now + .seconds(seconds)
    while pids.contains(where: isAlive), ContinuousClock.now < deadline { usleep(10_000) }
    return pids
  }

  /// A zombie has ended: only its parent has not looked yet.
  private static func isAlive(_ pid: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return false }
    let state = text[text.index(after: end)...].first { $0 != " " }
    return state != "Z" && state != "X"
  }
}
