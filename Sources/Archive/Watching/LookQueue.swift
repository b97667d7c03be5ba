/// Which looks at folders wait for their turn, and when the next look at everything is due: pure. Times are seconds of
/// any clock that only goes forward.
///
/// However often looks are asked for, at most one look at everything waits beside the one under way, and none at a
/// folder that it goes through anyway.
package struct LookQueue: Sendable {
  /// Looks at everything take at most this part of the time, however often they are wanted.
  private static let share = 0.1

  private let root: String
  private var isWholeWaiting = false
  private var isWholeUnderWay = false
  private var folders: Set<PathKey> = []
  private var began: Double
  private var ended: Double
  private var lasted = 0.0

  /// - Parameter root: the folder whose look is the one at everything.
  package init(root: String, at time: Double) {
    self.root = root
    began = time
    ended = time
  }

  /// A look at a folder is wanted.
  ///
  /// - Returns: whether it has to be put into the queue; false when one that waits there does for it.
  package mutating func ask(_ folder: String) -> Bool {
    if isWholeWaiting { return false }
    guard folder == root else { return folders.insert(PathKey(folder)).inserted }
    isWholeWaiting = true
    folders = []
    return true
  }

  /// The turn of a queued look has come.
  ///
  /// - Returns: whether it is still wanted.
  package mutating func begin(_ folder: String, at time: Double) -> Bool {
    guard folder == root else { return folders.remove(PathKey(folder)) != nil }
    guard isWholeWaiting else { return false }
    isWholeWaiting = false
    isWholeUnderWay = true
    began = time
    return true
  }

  /// A look is done.
  package mutating func end(_ folder: String, at time: Double) {
    guard folder == root else { return }
    isWholeUnderWay = false
    ended = time
    lasted = max(0, time - began)
  }

  /// Seconds until the next look at everything, when one is wanted every `interval` seconds: counted from the end of the
  /// last one, and longer where looks take long. Not positive when it is due, nil while one waits or is under way.
  package func wait(interval: Double, at time: Double) -> Double? {
    if isWholeWaiting || isWholeUnderWay { return nil }
    return ended + max(interval, lasted / Self.share) - time
  }
}
