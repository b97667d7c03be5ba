import Foundation
import Pixels

/// A measurement with its error, and optionally what it may depend on linearly.
public struct WeighedValue: Sendable, Equatable {
  /// The measurement.
  public var value: Double
  /// One standard deviation, above 0.
  public var error: Double
  /// E.g. a star's colour; not a number where it is unknown: the value counts where no slope is fitted.
  public var colour: Double

  public init(_ value: Double, error: Double, colour: Double = 0) {
    self.value = value
    self.error = error
    self.colour = colour
  }
}

/// What many measurements agree on.
public struct RobustMean: Sendable, Equatable {
  /// The weighted median, at colour 0.
  public var value: Double
  /// One standard deviation: the error of a weighted mean x the median's loss x the root of the reduced chi² where
  /// that is above 1.
  public var error: Double
  /// Change of the value with colour; 0 where none was fitted.
  public var slope: Double
  /// Which measurements were used.
  public var isUsed: [Bool]
  /// 1.4826 MAD of those about the result; 0 for one.
  public var scatter: Double

  /// A result from its parts.
  public init(value: Double, error: Double, slope: Double, isUsed: [Bool], scatter: Double) {
    self.value = value
    self.error = error
    self.slope = slope
    self.isUsed = isUsed
    self.scatter = scatter
  }

  /// Measurements used.
  public var count: Int { isUsed.count { $0 } }
}

/// The weighted median (weights 1 / error²) after clipping at `kappa`, as ALGORITHMS 1.10 takes zero points of many
/// stars.
///
/// The spread to clip by is 1.4826 MAD; of fewer than 15 values at least their median error, since the MAD of few is
/// often far too small. At most 10 rounds, ended by one that rejects nothing.
/// - Parameters:
///   - values: those that are not finite or whose error is not positive are left out.
///   - fitsColour: whether a slope with colour is fitted (weighted least squares, over the values in use), with the
///     median taken of what it leaves; needs 3 values of different colour.
/// - Returns: nil when no value can be used.
public func robustMean(
  of values: [WeighedValue], kappa: Double = 3, fitsColour: Bool = false
) -> RobustMean? {
  var isUsed = values.map {
    $0.value.isFinite && $0.error > 0 && $0.error.isFinite && (!fitsColour || $0.colour.isFinite)
  }
  var result: RobustMean?
  for _ in 0..<10 {
    let used = values.indices.filter { isUsed[$0] }
    guard !used.isEmpty else { return nil }
    let slope = fitsColour ? colourSlope(used.map { values[$0] }) : 0
    // Without a slope a colour may be unknown.
    let plain = used.map { i in
      let value = values[i].value
      return (value: slope == 0 ? value : value - slope * values[i].colour, error: values[i].error)
    }
    let centre = weightedMedian(plain)
    let deviations = plain.map { abs($0.value - centre) }
    let mad = 1.482602218505602 * median(of: deviations)
    result = RobustMean(
      value: centre, error: errorOfMedian(plain, about: centre), slope: slope, isUsed: isUsed, scatter: mad)
    let typical = median(of: plain.map(\.error))
    let spread = used.count < 15 ? max(mad, typical) : mad
    let rejected = zip(used, deviations).filter { $1 > kappa * max(spread, .leastNormalMagnitude) }.map(\.0)
    guard !rejected.isEmpty, spread > 0 else { break }
    for i in rejected { isUsed[i] = false }
  }
  return result
}

/// The value with half of the weight on either side, interpolated between neighbours.
private func weightedMedian(_ values: [(value: Double, error: Double)]) -> Double {
  let sorted = values.sorted { $0.value < $1.value }
  let weights = sorted.map { 1 / ($0.error * $0.error) }
  let half = weights.reduce(0, +) / 2
  // Weight up to the middle of each value.
  var middles: [Double] = []
  var sum = 0.0
  for weight in weights {
    middles.append(sum + weight / 2)
    sum += weight
  }
  guard let above = middles.firstIndex(where: { $0 >= half }) else { return sorted[sorted.count - 1].value }
  guard above > 0 else { return sorted[0].value }
  let share = (half - middles[above - 1]) / (middles[above] - middles[above - 1])
  return sorted[above - 1].value + share * (sorted[above].value - sorted[above - 1].value)
}

private func errorOfMedian(_ values: [(value: Double, error: Double)], about centre: Double) -> Double {
  let weight = values.reduce(0) { $0 + 1 / ($1.error * $1.error) }
  guard values.count > 1 else { return (1 / weight).squareRoot() }
  let chi = values.reduce(0) { $0 + pow(($1.value - centre) / $1.error, 2) } / Double(values.count - 1)
  return (max(1, chi) / weight).squareRoot() * medianErrorFactor(samples: values.count)
}

private func colourSlope(_ values: [WeighedValue]) -> Double {
  guard values.count >= 3 else { return 0 }
  var (w, x, y, xx, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
  for value in values {
    let weight = 1 / (value.error * value.error)
    w += weight
    x += weight * value.colour
    y += weight * value.value
    xx += weight * value.colour * value.colour
    xy += weight * value.colour * value.value
  }
  let determinant = w * xx - x * x
  return determinant > 1e-12 * w * xx ? (w * xy - x * y) / determinant : 0
}

private func median(of values: [Double]) -> Double {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return .nan }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
