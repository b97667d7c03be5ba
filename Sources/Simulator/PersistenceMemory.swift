import Glibc
import Pixels

/// Charge that a detector still holds from exposures that saturated it, and gives back exponentially.
public struct PersistenceMemory: Sendable {
  /// Electrons trapped in each pixel of the detector at `instant`.
  public private(set) var trapped: Plane<Float>
  /// When.
  public private(set) var instant: SimulatedTime
  /// Seconds in which all but 1/e is given back.
  public let seconds: Double

  /// A detector that holds nothing.
  public init(detector: DetectorModel, at instant: SimulatedTime) {
    trapped = Plane(width: detector.size, height: detector.size, repeating: 0)
    self.instant = instant
    seconds = detector.readout?.options.persistenceSeconds ?? 1
  }

  /// Lets time go on to `later` (what lies before `instant` is taken as it).
  public mutating func advance(to later: SimulatedTime) {
    let elapsed = later.seconds(since: instant)
    guard elapsed > 0 else { return }
    let left = Float(exp(-elapsed / seconds))
    trapped = trapped.map { $0 * left }
    instant = later
  }

  /// Adds what saturated pixels of `window` keep: `share` of the full well of each.
  mutating func trap(
    _ isSaturated: Plane<UInt8>, in window: ReadWindow, share: Double, fullWell: Plane<Float>
  ) {
    for y in 0..<window.height {
      for x in 0..<window.width where isSaturated[x, y] != 0 {
        trapped[x + window.x, y + window.y] += Float(share) * fullWell[x + window.x, y + window.y]
      }
    }
  }
}
