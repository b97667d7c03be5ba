import Pixels
import Synchronization

/// Counts how often each row was visited.
final class RowCounts: Sendable {
  private let counts: Mutex<[Int]>
  init(_ plane: Plane<UInt8>) { counts = Mutex(Array(repeating: 0, count: plane.height)) }
  func add(_ rows: Range<Int>) { counts.withLock { for row in rows { $0[row] += 1 } } }
  var all: [Int] { counts.withLock { $0 } }
}
