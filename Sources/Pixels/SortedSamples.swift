/// The samples of a box in rising order, so that what clipping leaves is a range of them.
struct SortedSamples {
  private var samples: [Float] = []
  private var keys: [UInt32] = []
  private var spare: [UInt32] = []

  init(capacity: Int) { samples.reserveCapacity(capacity) }

  mutating func removeAll() { samples.removeAll(keepingCapacity: true) }
  mutating func append(_ sample: Float) { samples.append(sample) }

  /// Sorts the samples: few by comparison, many by their bits, eleven at a time.
  mutating func sort() {
    guard samples.count > 256 else { return samples.sort() }
    keys = samples.map(FloatOrder.key)
    spare = keys
    FloatOrder.sort(&keys, from: 0, &spare)
    for i in keys.indices { samples[i] = FloatOrder.value(keys[i]) }
  }

  /// The samples within the bounds that clipping ends with.
  ///
  /// Each round takes its centre and its standard deviation from what the last one left; the bounds of the last
  /// round decide over all samples, as in astropy's `SigmaClip`.
  func clipped(_ clipping: BoxClipping?) -> Range<Int> {
    let all = 0..<samples.count
    guard let clipping, !all.isEmpty else { return all }
    var used = all
    var bounds = (low: -Double.infinity, high: Double.infinity)
    for _ in 0..<clipping.maximumIterations {
      let (mean, std) = moments(used)
      let center = clipping.center == .median ? median(used) : mean
      bounds = (center - clipping.lower * std, center + clipping.upper * std)
      let left = range(bounds, within: used)
      if left.isEmpty || left == used { break }
      used = left
    }
    return range(bounds, within: all)
  }

  private func range(_ bounds: (low: Double, high: Double), within outer: Range<Int>) -> Range<Int> {
    let low = first(in: outer) { Double(samples[$0]) >= bounds.low }
    let high = first(in: low..<outer.upperBound) { Double(samples[$0]) > bounds.high }
    return low..<high
  }

  /// The first index whose sample passes a test that all later ones pass too; the end where none does.
  private func first(in range: Range<Int>, where isPast: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isPast(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The median; the range must not be empty.
  func median(_ range: Range<Int>) -> Double {
    let middle = range.lowerBound + range.count / 2
    if range.count % 2 == 1 { return Double(samples[middle]) }
    return 0.5 * (Double(samples[middle - 1]) + Double(samples[middle]))
  }

  /// Mean and standard deviation (of n) of a range; NaN when it is empty.
  func moments(_ range: Range<Int>) -> (mean: Double, std: Double) {
    samples.withUnsafeBufferPointer { samples in
      var sum = 0.0
      for i in range { sum += Double(samples[i]) }
      let mean = sum / Double(range.count)
      var squares = 0.0
      for i in range {
        let d = Double(samples[i]) - mean
        squares += d * d
      }
      return (mean, (squares / Double(range.count)).squareRoot())
    }
  }

  /// The estimate of the background from a range that is not empty.
  func level(_ range: Range<Int>, _ estimator: BoxBackgroundOptions.Estimator) -> Double {
    switch estimator {
    case .median: return median(range)
    case .mean: return moments(range).mean
    case .biweight: return biweight(range)
    case .sextractor:
      let (mean, std) = moments(range)
      let center = median(range)
      if std == 0 { return mean }
      return abs(mean - center) / std >= 0.3 ? center : 2.5 * center - 1.5 * mean
    }
  }

  /// Tukey's biweight location, c = 6; the median where the MAD is 0.
  private func biweight(_ range: Range<Int>) -> Double {
    let center = median(range)
    let mad = medianDeviation(range, from: center)
    guard mad > 0 else { return center }
    return samples.withUnsafeBufferPointer { samples in
      var (top, bottom) = (0.0, 0.0)
      for i in range {
        let d = Double(samples[i]) - center
        let u = d / (6 * mad)
        let t = 1 - u * u
        guard t > 0 else { continue }
        top += d * t * t
        bottom += t * t
      }
      return center + top / bottom
    }
  }

  /// The median of the distances from `center`: the two sorted halves are merged from the middle outwards.
  private func medianDeviation(_ range: Range<Int>, from center: Double) -> Double {
    var right = first(in: range) { Double(samples[$0]) >= center }
    var left = right - 1
    var last = 0.0
    var before = 0.0
    for _ in 0...range.count / 2 {
      let down = left >= range.lowerBound ? center - Double(samples[left]) : .infinity
      let up = right < range.upperBound ? Double(samples[right]) - center : .infinity
      before = last
      last = min(down, up)
      if down < up { left -= 1 } else { right += 1 }
    }
    return range.count % 2 == 1 ? last : 0.5 * (before + last)
  }
}
