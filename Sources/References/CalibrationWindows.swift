/// How far in time a reference may be from the frame: widening windows, in days, by type (MATCHING.md §2).
///
/// The index of the first window that holds it is the quality level; beyond the last there is no reference. Types
/// without an entry have no limit.
public struct CalibrationWindows: Sendable, Equatable {
  /// Days of each widening window, by lower-case type.
  public var days: [String: [Double]]

  /// The windows of the project: darks, flats and zero points from flux standards.
  public init(
    days: [String: [Double]] = ["dark": [1, 7, 90, 180], "flat": [1, 10, 90, 180], "photom": [1, 30, 90]]
  ) {
    self.days = days
  }

  /// Quality level of a distance, 0 the best; nil when it lies beyond the last window.
  public func level(type: String, distanceSeconds: Double) -> Int? {
    guard let windows = days[type] else { return 0 }
    return windows.firstIndex { distanceSeconds <= $0 * 86_400 }
  }

  /// The last window of a type, seconds; infinite for types without limit.
  public func lastSeconds(type: String) -> Double { (days[type]?.last ?? .infinity) * 86_400 }
}
