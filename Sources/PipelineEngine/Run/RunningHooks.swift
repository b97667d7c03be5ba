import ChildProcess
import Dispatch
import Foundation
import Synchronization

/// The hooks that run at this moment. Each has a process group of its own, so whoever ends this program ends them
/// first through ``stop(within:)``.
public final class RunningHooks: Sendable {
  private let tasks = Mutex<[UUID: Task<Void, Never>]>([:])
  private let ended = DispatchGroup()

  public init() {}

  /// Time between TERM and KILL: well below what anybody gives ``stop(within:)``.
  static let grace = Duration.seconds(1)

  /// Asks every running hook to end (TERM, a second later KILL) and waits for that, at most `seconds`. Give it some
  /// seconds more than that one: a hook that ignores TERM would outlive this program else.
  public func stop(within seconds: Double) {
    for task in tasks.withLock({ Array($0.values) }) { task.cancel() }
    _ = ended.wait(timeout: .now() + seconds)
  }

  /// Runs a program on other threads while this one waits.
  func wait(for run: ProgramRun) throws(ChildProcessError) -> ProgramEnd {
    let outcome = Outcome()
    let done = DispatchSemaphore(value: 0)
    let name = UUID()
    ended.enter()
    tasks.withLock {
      $0[name] = Task.detached {
        do throws(ChildProcessError) {
          let end = try await run.run()
          outcome.result.withLock { $0 = .success(end) }
        } catch {
          outcome.result.withLock { $0 = .failure(error) }
        }
        done.signal()
      }
    }
    done.wait()
    tasks.withLock { $0[name] = nil }
    ended.leave()
    guard let result = outcome.result.withLock({ $0 }) else {
      throw ChildProcessError(code: "spawn-failed", message: "could not be started", subject: run.executable)
    }
    let end = try result.get()
    // Whoever stopped it ends this program within moments, with its own exit code.
    if end.cause == .cancelled { Thread.sleep(forTimeInterval: 10) }
    return end
  }

  /// Where the waiting thread finds how it ended.
  private final class Outcome: Sendable {
    let result = Mutex<Result<ProgramEnd, ChildProcessError>?>(nil)
  }
}
