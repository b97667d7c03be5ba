/// Display limits from a sample of an image: IRAF's zscale, as DS9 and astropy's `ZScaleInterval` have it.
///
/// A straight line is fitted to the sorted sample with iterative rejection; its slope, divided by the contrast, gives
/// the limits around the median. Where more than `maximumRejected` of the sample is rejected, the limits are the
/// sample's own.
public struct ZScale: Sendable, Equatable {
  /// Pixels of the sample.
  public var samples: Int
  /// 0…1: the larger, the closer the limits; 0 leaves the slope as it is.
  public var contrast: Double
  /// Fraction of the sample that may be rejected.
  public var maximumRejected: Double
  /// Fewest pixels that must be left.
  public var minimumPixels: Int
  /// Rejected beyond this many standard deviations from the line.
  public var kappa: Double
  public var maximumIterations: Int

  /// astropy's defaults.
  public init(
    samples: Int = 1000, contrast: Double = 0.25, maximumRejected: Double = 0.5, minimumPixels: Int = 5,
    kappa: Double = 2.5, maximumIterations: Int = 5
  ) {
    self.samples = samples
    self.contrast = contrast
    self.maximumRejected = maximumRejected
    self.minimumPixels = minimumPixels
    self.kappa = kappa
    self.maximumIterations = maximumIterations
  }

  /// Limits of an image, its NaN and infinite pixels left out; nil when there is no other.
  ///
  /// Every `count / samples`-th good pixel is taken, in storage order, `samples` of them at most.
  public func limits(of values: [Float]) -> DisplayLimits? {
    let good = values.filter(\.isFinite)
    let stride = max(1, good.count / samples)
    return limits(ofSample: (0..<min(samples, (good.count + stride - 1) / stride)).map { good[$0 * stride] })
  }

  /// Limits from a sample that is taken already; nil when it is empty.
  public func limits(ofSample sample: [Float]) -> DisplayLimits? {
    let sorted = sample.map(Double.init).sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    let count = sorted.count
    let least = max(minimumPixels, Int(Double(count) * maximumRejected))
    guard let slope = slope(of: sorted, least: least) else { return DisplayLimits(low: first, high: last) }
    let steep = contrast > 0 ? slope / contrast : slope
    let center = (count - 1) / 2
    let median = 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2])
    return DisplayLimits(
      low: max(first, median - Double(center - 1) * steep),
      high: min(last, median + Double(count - center) * steep))
  }

  /// Slope per rank of the line through those that are not rejected; nil when too few are left.
  private func slope(of sorted: [Double], least: Int) -> Double? {
    let grow = max(1, Int(Double(sorted.count) * 0.01))
    var isBad = [Bool](repeating: false, count: sorted.count)
    var good = sorted.count
    var before = good + 1
    var line: Line?
    for _ in 0..<maximumIterations {
      if good >= before || good < least { break }
      let fitted = Line(through: sorted, leavingOut: isBad)
      let threshold = kappa * fitted.deviation(of: sorted, leavingOut: isBad)
      for i in sorted.indices where abs(sorted[i] - fitted[i]) > threshold { isBad[i] = true }
      isBad = Self.dilated(isBad, by: grow)
      line = fitted
      (before, good) = (good, isBad.count { !$0 })
    }
    return good >= least ? line?.slope : nil
  }

  /// A pixel is bad when one of the `grow` around it is: from `grow / 2` before it to `(grow - 1) / 2` after it,
  /// numpy's `convolve(…, mode="same")`.
  private static func dilated(_ isBad: [Bool], by grow: Int) -> [Bool] {
    var result = [Bool](repeating: false, count: isBad.count)
    for i in isBad.indices where isBad[i] {
      for j in max(0, i - (grow - 1) / 2)...min(isBad.count - 1, i + grow / 2) { result[j] = true }
    }
    return result
  }
}

/// What is drawn black (low) and white (high).
public struct DisplayLimits: Sendable, Equatable {
  public var low: Double
  public var high: Double

  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }
}

/// A least-squares line through values over their indices.
private struct Line {
  var slope = 0.0
  var intercept = 0.0

  /// The plain mean with slope 0 when fewer than two values are left.
  init(through values: [Double], leavingOut isBad: [Bool]) {
    var (n, sumX, sumY) = (0.0, 0.0, 0.0)
    for i in values.indices where !isBad[i] { (n, sumX, sumY) = (n + 1, sumX + Double(i), sumY + values[i]) }
    guard n > 0 else { return }
    let (meanX, meanY) = (sumX / n, sumY / n)
    var (sxx, sxy) = (0.0, 0.0)
    for i in values.indices where !isBad[i] {
      let dx = Double(i) - meanX
      sxx += dx * dx
      sxy += dx * (values[i] - meanY)
    }
    slope = sxx > 0 ? sxy / sxx : 0
    intercept = meanY - slope * meanX
  }

  subscript(_ index: Int) -> Double { intercept + slope * Double(index) }

  /// Standard deviation (over n) of the residuals about their own mean.
  func deviation(of values: [Double], leavingOut isBad: [Bool]) -> Double {
    var (n, sum, squares) = (0.0, 0.0, 0.0)
    for i in values.indices where !isBad[i] { (n, sum) = (n + 1, sum + values[i] - self[i]) }
    guard n > 0 else { return 0 }
    for i in values.indices where !isBad[i] {
      let d = values[i] - self[i] - sum / n
      squares += d * d
    }
    return (squares / n).squareRoot()
  }
}
