import CatalogStore
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
  /// Why it is refused, or what is wrong with it.
  public var reason: String?
  /// True for what is no hook: a sidecar, or a folder of an event that does not exist.
  public var isSetting = false

  /// `accepted`, `refused` or `faulty`.
  public var state: String { accepted ? "accepted" : isSetting ? "faulty" : "refused" }
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

  /// The hooks of the archive at `root` as its daemon sees them, whoever asks: its user is who owns its lock.
  public init(root: String) {
    var status = stat()
    let known = stat(root + "/catalog/daemon.lock", &status) == 0
    self.init(path: root + "/hooks", user: known ? status.st_uid : geteuid())
  }

  /// What the sidecar of an event sets.
  public func options(of event: String) -> HookOptions { .read(sidecar(event), user: user) }

  private func sidecar(_ event: String) -> String { "\(path)/\(event).cfg" }

  /// Everything an operator should mend: refused hooks, sidecars that are not understood, and folders and sidecars of
  /// events that do not exist.
  public func faults() -> [HookFinding] {
    let sidecars = Self.events.flatMap { event in
      options(of: event).faults.map {
        HookFinding(
          event: event, name: event + ".cfg", path: sidecar(event), accepted: false, reason: $0,
          isSetting: true)
      }
    }
    return inspect().filter { !$0.accepted } + sidecars + strays()
  }

  /// What lies here for an event that is never told.
  private func strays() -> [HookFinding] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    return names.compactMap { name in
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2, ["d", "cfg"].contains(parts[1]), !Self.events.contains(parts[0]) else {
        return nil
      }
      return HookFinding(
        event: parts[0], name: name, path: "\(path)/\(name)", accepted: false,
        reason: "there is no event '\(parts[0])', so nothing here is ever called", isSetting: true)
    }
  }

  /// Why a hook is not to be called now; nil when it may be.
  func refusal(of hook: String) -> String? {
    guard isThere(hook) else { return HookPolicy.isGone }
    let fault = TrustedPath.fault(of: hook, user: user, mustBeExecutable: true)
    return fault.map { "refused: \($0)" }
  }

  func isThere(_ hook: String) -> Bool {
    var status = stat()
    return lstat(hook, &status) == 0
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
