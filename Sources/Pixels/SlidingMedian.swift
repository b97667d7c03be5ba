/// The median of a window's values while some leave it and others come in; the values are kept in order.
struct SlidingMedian {
  private var sorted: [Float] = []

  /// Room for a window of some values.
  init(capacity: Int) { sorted.reserveCapacity(capacity) }

  /// Takes a value in; NaN is no value.
  mutating func insert(_ value: Float) {
    if !value.isNaN { sorted.insert(value, at: place(of: value)) }
  }

  /// Lets a value go that was taken in.
  mutating func remove(_ value: Float) {
    if !value.isNaN { sorted.remove(at: place(of: value)) }
  }

  /// The middle value, or the mean of the two in the middle; nil of nothing.
  var median: Float? {
    let n = sorted.count
    guard n > 0 else { return nil }
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2
  }

  /// The first place whose value is not below `value`.
  private func place(of value: Float) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
