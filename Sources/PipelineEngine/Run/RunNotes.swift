import JobContract
import Synchronization

/// What a run has to say about itself besides its product: collected from all steps, each sentence once.
public final class RunNotes: Sendable {
  private struct State {
    var degraded: [String] = []
    var notes: [String] = []
    var standIns: [String: [ResolvedReference]] = [:]
    var continued: Set<String> = []
  }

  private let state: Mutex<State>

  /// - Parameter degraded: reasons known before the run (the archive's).
  public init(degraded: [String] = []) {
    state = Mutex(State(degraded: degraded))
  }

  /// Adds a reason why the product is degraded.
  public func degrade(_ reason: String) {
    state.withLock { if !$0.degraded.contains(reason) { $0.degraded.append(reason) } }
  }

  /// Adds a sentence worth a person's eye that does not degrade the product.
  public func note(_ sentence: String) {
    state.withLock { if !$0.notes.contains(sentence) { $0.notes.append(sentence) } }
  }

  /// Notes members that serve as the reference of a type.
  func standIn(_ type: String, _ references: [ResolvedReference]) {
    state.withLock { $0.standIns[type] = references }
  }

  /// Members that serve as the reference of a type; nil when the reference itself does.
  func standIns(_ type: String) -> [ResolvedReference]? { state.withLock { $0.standIns[type] } }

  /// Notes an earlier master that the new one continues.
  func continuePrevious(_ path: String) {
    state.withLock { _ = $0.continued.insert(path) }
  }

  /// Whether the new master continues that of a path.
  func continues(_ path: String) -> Bool { state.withLock { $0.continued.contains(path) } }

  public var degraded: [String] { state.withLock { $0.degraded } }
  public var notes: [String] { state.withLock { $0.notes } }
}
