import CatalogStore
import Foundation
import Glibc

/// Whether a daemon watches the archive: by its lock, which ends with the process, and by what it last said
/// of itself.
struct DaemonPulse {
  /// nil when the lock cannot be looked at.
  let isRunning: Bool?
  /// It ran, runs no more, and did not say that it stopped.
  let isDead: Bool
  private let said: [String: JSONValue]
  private let pid: Int?
  private let host: String?
  private let started: Double?
  private let state: String?
  private let source: String?

  /// - Parameter fact: JSON of the catalog's fact `daemon`.
  init(root: String, fact: String?) {
    let object =
      fact.flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) } as? [String: Any] ?? [:]
    pid = object["pid"] as? Int
    host = object["host"] as? String
    started = object["started"] as? Double ?? (object["started"] as? String).flatMap(CatalogTime.seconds)
    state = object["state"] as? String
    source = object["source"] as? String
    let isRunning = Self.lockIsHeld(root + "/catalog/daemon.lock")
    self.isRunning = isRunning
    isDead = isRunning == false && state != nil && state != "stopped"
    said = [
      "pid": JSONValue(pid), "host": JSONValue(host), "started": JSONValue(time: started),
      "state": JSONValue(isDead ? "dead" : state), "source": JSONValue(source),
    ]
  }

  /// Its process, when it runs.
  var process: Int? { isRunning == true ? pid : nil }

  /// It runs and takes requests: one that is to end when its work is done (`watch --once`) takes none.
  var takesRequests: Bool { isRunning == true && state == "watching" }

  /// nil when no daemon runs.
  var watchingSince: Double? { isRunning == true ? started : nil }

  var json: JSONValue {
    .object(said.merging(["running": isRunning.map(JSONValue.flag) ?? .null]) { old, _ in old })
  }

  var sentence: String {
    let since = started.map { " since \(CatalogTime.text($0))" } ?? ""
    let who =
      pid.map { " (pid \($0)\(host.map { " on \($0)" } ?? "")\(source.map { ", \($0)" } ?? ""))" } ?? ""
    switch (isRunning, state) {
    case (true?, _): return "\(state ?? "running")\(since)\(who)"
    case (_, nil): return "never started; irisarchive watch"
    case (nil, let state?): return "said \(state)\(since)\(who); its lock cannot be looked at"
    case (false?, "stopped"?):
      return "stopped, was started \(started.map(CatalogTime.text) ?? ""); irisarchive watch"
    case (false?, _):
      return "dead: it was running\(since)\(who) and did not stop by itself; irisarchive watch"
    }
  }

  private static func lockIsHeld(_ path: String) -> Bool? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOENT ? false : nil }
    defer { close(descriptor) }
    // A shared lock, given back at once by close: it disturbs no daemon, only shows whether one holds the
    // exclusive.
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }
}

/// Free space where a folder lies.
struct DiskSpace {
  let name: String
  let path: String
  let freeBytes: Int64
  let totalBytes: Int64

  /// nil when the folder is not there.
  init?(name: String, path: String) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    self.name = name
    self.path = path
    freeBytes = Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    totalBytes = Int64(clamping: UInt64(status.f_blocks) * UInt64(status.f_frsize))
  }

  var json: JSONValue {
    .object([
      "name": .text(name), "path": .text(path), "free_bytes": .integer(freeBytes),
      "total_bytes": .integer(totalBytes),
    ])
  }

  var sentence: String {
    "\(Self.gigabytes(freeBytes)) GB of \(Self.gigabytes(totalBytes)) GB free under \(name) (\(path))"
  }

  private static func gigabytes(_ bytes: Int64) -> String { "\((Double(bytes) / 1e8).rounded() / 10)" }
}
