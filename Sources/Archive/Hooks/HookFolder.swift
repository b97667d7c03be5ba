import CfgFormat
import Foundation
import Glibc

/// What was found in `hooks/<event>.d/`.
public struct HookFinding: Sendable, Equatable {
  public var event: String
  /// File name.
  public var name: String
  public var path: String
  public var accepted: Bool
  /// Why it is refused.
  public var reason: String?
}

/// The hooks of an archive, found by name. A hook is refused when it, or any folder above it, could be changed by
/// anyone but root and the daemon's user.
public struct HookFolder: Sendable {
  /// Every event the archive tells.
  public static let events = [
    "exposure-received", "exposure-held", "exposure-quarantined", "association-ready", "run-failed",
    "product-ready", "product-superseded", "product-stale", "reference-updated", "disk-low", "night-closed",
  ]

  public let path: String
  private let user: uid_t

  public init(path: String, user: uid_t = geteuid()) {
    self.path = path
    self.user = user
  }

  /// Every candidate of every event, in lexical order.
  public func inspect() -> [HookFinding] {
    Self.events.flatMap { event -> [HookFinding] in
      let folder = "\(path)/\(event).d"
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      return names.filter(Self.isCandidate).compactMap { finding(event, folder, $0) }
    }
  }

  /// Accepted hooks by event: absolute paths in lexical order.
  public func accepted() -> [String: [String]] {
    Dictionary(grouping: inspect().filter(\.accepted), by: \.event).mapValues { $0.map(\.path) }
  }

  private static func isCandidate(_ name: String) -> Bool {
    !name.hasPrefix(".") && !name.hasPrefix("README") && !name.hasSuffix(".sample") && !name.hasSuffix(".cfg")
      && !name.hasSuffix("~") && !name.hasSuffix(".new")
  }

  private func finding(_ event: String, _ folder: String, _ name: String) -> HookFinding? {
    let file = folder + "/" + name
    var status = stat()
    guard lstat(file, &status) == 0 else { return nil }
    let reason = fault(file, status)
    return HookFinding(event: event, name: name, path: file, accepted: reason == nil, reason: reason)
  }

  private func fault(_ file: String, _ status: stat) -> String? {
    guard status.st_mode & S_IFMT == S_IFREG else { return "not a regular file (links are not followed)" }
    guard status.st_mode & 0o111 != 0 else { return "not executable: chmod +x" }
    var current = file
    while true {
      var at = stat()
      guard lstat(current, &at) == 0 else { return "\(current) vanished" }
      if at.st_uid != 0 && at.st_uid != user {
        return "\(current) is owned by another user (uid \(at.st_uid))"
      }
      // A sticky folder such as /tmp lets nobody rename what is not theirs.
      let isSticky = at.st_mode & S_IFMT == S_IFDIR && at.st_mode & S_ISVTX != 0
      if at.st_mode & 0o022 != 0 && !isSticky {
        return "\(current) is writable by group or others: chmod go-w"
      }
      if current == "/" || current.isEmpty { return nil }
      let parent = (current as NSString).deletingLastPathComponent
      current = parent.isEmpty ? "/" : parent
    }
  }
}

/// What a sidecar `hooks/<event>.cfg` may set for the hooks of an event.
struct HookOptions: Sendable, Equatable {
  /// Glob on the event's subject; nil for all.
  var match: String?
  /// nil: the archive's own.
  var timeoutSeconds: Double?
  /// Attempts in all.
  var retries: Int = 5

  /// Reads the sidecar; absent or unreadable values keep their defaults, and `fault` says what was wrong.
  static func read(_ path: String) -> (options: HookOptions, fault: String?) {
    var options = HookOptions()
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return (options, nil) }
    do {
      let document = try CfgDocument(text: text, path: path)
      for entry in document.root.entries {
        let value = entry.value.string ?? ""
        switch entry.key {
        case "match": options.match = value
        case "timeout": options.timeoutSeconds = Double(value).flatMap { $0 > 0 ? $0 : nil }
        case "retries": options.retries = Int(value).map { max(0, $0) } ?? 5
        case "concurrency": continue
        default:
          return (options, "unknown key '\(entry.key)' in \(path); known: match timeout retries concurrency")
        }
      }
      return (options, nil)
    } catch {
      return (options, "\(error)")
    }
  }
}
