import Archive
import CatalogStore
import ChildProcess
import Foundation
import Glibc

/// Runs the accepted hooks of one event by hand, each as the daemon would, and says how each ended.
struct HookTrial {
  let root: String
  let event: String
  let hooks: [HookFinding]
  private let timeoutSeconds: Double

  /// - Throws: ``CommandFailure`` `unknown-event`, `no-such-record` when there is no (such) hook.
  init(root options: RootOptions, event: String, hook: String?) throws {
    let root = try options.path()
    guard HookFolder.events.contains(event) else {
      let near = NearNames.matches(of: event, in: HookFolder.events)
      let names =
        near.isEmpty
        ? HookFolder.events.joined(separator: " ") : "did you mean \(near.joined(separator: " or "))?"
      throw CommandFailure(
        code: "unknown-event", message: "there is no such event", subject: event, hint: names)
    }
    let folder = HookFolder(path: root + "/hooks")
    let found = folder.inspect().filter {
      $0.event == event && (hook == nil || $0.name == hook || $0.path == hook)
    }
    guard !found.isEmpty else {
      throw CommandFailure(
        code: "no-such-record", message: "no hook waits for this", subject: hook ?? event,
        hint: "cp \(root)/hooks/\(event).d/10-log.sample \(root)/hooks/\(event).d/10-log")
    }
    self.root = root
    self.event = event
    hooks = found
    let sidecar = folder.options(of: event)
    for fault in sidecar.faults { Talk.line("warning: \(fault)") }
    timeoutSeconds = try sidecar.timeoutSeconds ?? options.settings().hookTimeoutSeconds
  }

  /// - Throws: ``ExitStatus`` `failed` or `someFailed` when a hook was refused or did not exit with 0.
  func run(_ delivery: DueDelivery) async throws {
    var failed = 0
    for hook in hooks {
      let verdict = hook.accepted ? try await tell(hook, delivery) : "refused: \(hook.reason ?? "")"
      if verdict != "exit code 0" { failed += 1 }
      Answer.write("\(hook.name)\t\(verdict)\n")
    }
    if failed > 0 { throw failed == hooks.count ? ExitStatus.failed : .someFailed }
  }

  private func tell(_ hook: HookFinding, _ delivery: DueDelivery) async throws -> String {
    let scratch = try ScratchFolder("hook")
    defer { scratch.remove() }
    var called = delivery
    called.hook = hook.path
    called.attempts = 0
    let end = try await HookProgram(root: root, scratch: scratch.path).run(
      called, output: .captured(limit: 1 << 20), timeoutSeconds: timeoutSeconds)
    Talk.write(String(decoding: end.output, as: UTF8.self))
    return end.cause.description
  }
}
