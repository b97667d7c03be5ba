/// How far in time a reference may be from the frame: widening windows, in days, by type (MATCHING.md §2).
///
/// The index of the first window that holds it is the quality level; beyond the last there is no reference. Types
/// without an entry have no limit.
public struct CalibrationWindows: Sendable, Equatable {
  public var days: [String: [Double]]

  public init(days: [String: [Double]] = ["dark": [1, 7, 90, 180], "flat": [1, 10, 90, 180]]) {
    self.days = days
  }

  /// nil when the distance lies beyond the last window.
  package func level(type: String, distanceSeconds: Double) -> Int? {
    guard let windows = days[type] else { return 0 }
    return windows.firstIndex { distanceSeconds <= $0 * 86_400 }
  }

  func lastSeconds(type: String) -> Double { (days[type]?.last ?? .infinity) * 86_400 }
}
