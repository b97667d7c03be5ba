import CatalogStore
import CfgFormat
import ChildProcess
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
    // A root reached through a link: the real folders are what must be safe.
    let real = realpath(path, nil)
    self.path = real.map { String(cString: $0) } ?? path
    free(real)
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

  /// Who waits for each event: accepted hooks, and refused ones with the reason.
  func listeners() -> [String: [CatalogWriter.Listener]] {
    Dictionary(grouping: inspect(), by: \.event).mapValues { findings in
      findings.map { .init(hook: $0.path, refusal: $0.accepted ? nil : "refused: \($0.reason ?? "")") }
    }
  }

  private static func isCandidate(_ name: String) -> Bool {
    !name.hasPrefix(".") && !name.hasPrefix("README") && !name.hasSuffix(".sample") && !name.hasSuffix(".cfg")
      && !name.hasSuffix("~") && !name.hasSuffix(".new")
  }

  private func finding(_ event: String, _ folder: String, _ name: String) -> HookFinding? {
    let file = folder + "/" + name
    var status = stat()
    guard lstat(file, &status) == 0 else { return nil }
    let reason = TrustedPath.fault(of: file, user: user, mustBeExecutable: true)
    return HookFinding(event: event, name: name, path: file, accepted: reason == nil, reason: reason)
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
  /// Calls of one hook at a time.
  var concurrency: Int = 4

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
        case "timeout": options.timeoutSeconds = seconds(value)
        case "retries": options.retries = Int(value).map { max(0, $0) } ?? 5
        case "concurrency": options.concurrency = Int(value).map { max(1, $0) } ?? 4
        default:
          return (options, "unknown key '\(entry.key)' in \(path); known: match timeout retries concurrency")
        }
      }
      return (options, nil)
    } catch {
      return (options, "\(error)")
    }
  }

  /// `30`, `30 s` or `2 min`; nil when it is none of them.
  private static func seconds(_ text: String) -> Double? {
    let parts = text.split(separator: " ")
    guard let number = parts.first.flatMap({ Double($0) }), number > 0, parts.count <= 2 else { return nil }
    switch parts.count == 2 ? parts[1] : "s" {
    case "s": return number
    case "min": return number * 60
    case "h": return number * 3600
    default: return nil
    }
  }
}
