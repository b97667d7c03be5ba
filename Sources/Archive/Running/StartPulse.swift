import Dispatch
import Foundation

/// Asks the service manager for more time while the daemon opens its catalog and puts things in order, before its
/// services run: a look at the pages of a large catalog, or its migration, takes minutes. It ends by itself.
final class StartPulse: Sendable {
  private static let period = 5.0
  /// What takes longer than this hangs, and is left to the manager's own time-out.
  private static let patience = 3600.0

  private let over = DispatchSemaphore(value: 0)

  /// - Parameter notifier: nil when there is no manager.
  init(_ notifier: ServiceNotifier?) {
    guard let notifier else { return }
    let over = over
    Thread.detachNewThread {
      for _ in 0..<Int(Self.patience / Self.period) {
        notifier.tell(.extendTimeout(microseconds: UInt64(60 * 1e6)))
        if over.wait(timeout: .now() + Self.period) == .success { return }
      }
    }
  }

  deinit { end() }

  /// Others give signs of life from now on.
  func end() { over.signal() }
}
