/// The median of an odd number of samples, sixteen pixels at a time; no sample may be NaN.
struct LaneMedian: Sendable {
  /// Samples.
  let count: Int
  private let comparators: [SIMD2<UInt16>]

  init(of count: Int) {
    precondition(count % 2 == 1, "no middle of \(count) samples")
    self.count = count
    comparators = SortingNetwork.bringing([count / 2], of: count).comparators
  }

  /// Calls `body` with a function that takes the median of the samples in the given memory, and disorders them.
  @inline(__always)
  func withSamples(
    _ body: (UnsafeMutablePointer<Lanes>, (UnsafeMutablePointer<Lanes>) -> Lanes) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: count) { samples in
      comparators.withUnsafeBufferPointer { comparators in
        guard let base = samples.baseAddress else { return }
        body(base) { samples in
          SortingNetwork.sort(samples, comparators)
          return samples[count / 2]
        }
      }
    }
  }
}
