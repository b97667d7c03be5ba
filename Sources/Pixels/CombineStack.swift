/// Sixteen pixels of a stack of n frames, and the scratch they are sorted in.
///
/// A class so that one scratch serves all blocks of a band; it never leaves its thread.
final class CombineStack {
  let n: Int
  /// The samples in the order of the frames; NaN where a sample may not be used.
  let samples: UnsafeMutablePointer<Lanes>
  /// The usable samples sorted upwards, +infinity after the last.
  let sorted: UnsafeMutablePointer<Lanes>
  /// Room for deviations, errors or weights.
  let spare: UnsafeMutablePointer<Lanes>
  private let storage: UnsafeMutablePointer<Lanes>
  private let network: [SIMD2<UInt16>]

  init(count n: Int, network: SortingNetwork) {
    self.n = n
    self.network = network.comparators
    storage = .allocate(capacity: 3 * n)
    storage.initialize(repeating: .zero, count: 3 * n)
    samples = storage
    sorted = storage + n
    spare = storage + 2 * n
  }

  deinit { storage.deallocate() }

  @inline(__always)
  func sortSamples() {
    for j in 0..<n {
      let x = samples[j]
      sorted[j] = x.replacing(with: .infinity, where: x .!= x)
    }
    network.withUnsafeBufferPointer { SortingNetwork.sort(sorted, $0) }
  }

  @inline(__always)
  func sortSpare() { network.withUnsafeBufferPointer { SortingNetwork.sort(spare, $0) } }

  @inline(__always)
  func sortSpare(carrying companions: UnsafeMutablePointer<Lanes>) {
    network.withUnsafeBufferPointer { SortingNetwork.sort(spare, carrying: companions, $0) }
  }

  /// How many usable samples lie in `low...high`.
  @inline(__always)
  func count(_ low: Lanes, _ high: Lanes) -> Lanes {
    var count = Lanes.zero
    for j in 0..<n { count += ones(where: (sorted[j] .>= low) .& (sorted[j] .<= high)) }
    return count
  }

  /// How many sorted samples lie below `low`.
  @inline(__always)
  func countBelow(_ low: Lanes) -> Lanes {
    var count = Lanes.zero
    for j in 0..<n { count += ones(where: sorted[j] .< low) }
    return count
  }

  /// The median of `count` values that start at index `first` of a sorted array; NaN where there are none.
  @inline(__always)
  func median(_ values: UnsafeMutablePointer<Lanes>, first: Lanes, count: Lanes) -> Lanes {
    let lower = first + (0.5 * (count - 1)).rounded(.down)
    let upper = first + (0.5 * count).rounded(.down)
    var a = Lanes(repeating: .nan)
    var b = a
    for j in 0..<n {
      let index = Float(j)
      let x = values[j]
      a.replace(with: x, where: lower .== index)
      b.replace(with: x, where: upper .== index)
    }
    return (0.5 * a + 0.5 * b).replacing(with: .nan, where: count .<= 0)
  }

  /// The median of the usable samples in `low...high`, `count` of them.
  @inline(__always)
  func median(_ low: Lanes, _ high: Lanes, count: Lanes) -> Lanes {
    median(sorted, first: countBelow(low), count: count)
  }

  /// The median absolute deviation from `center` of the usable samples in `low...high`.
  @inline(__always)
  func medianDeviation(_ low: Lanes, _ high: Lanes, count: Lanes, from center: Lanes) -> Lanes {
    for j in 0..<n {
      let x = sorted[j]
      let d = x - center
      let size = d.replacing(with: -d, where: d .< 0)
      spare[j] = Lanes(repeating: .infinity).replacing(with: size, where: (x .>= low) .& (x .<= high))
    }
    sortSpare()
    return median(spare, first: .zero, count: count)
  }

  /// The mean of the usable samples in `low...high`, summed from `pivot` to keep single precision exact enough.
  @inline(__always)
  func mean(_ low: Lanes, _ high: Lanes, count: Lanes, pivot: Lanes) -> Lanes {
    var sum = Lanes.zero
    for j in 0..<n {
      let x = sorted[j]
      sum += Lanes.zero.replacing(with: x - pivot, where: (x .>= low) .& (x .<= high))
    }
    return pivot + sum / count
  }

  /// The standard deviation (n - 1) of the usable samples in `low...high` about their `mean`.
  @inline(__always)
  func standardDeviation(_ low: Lanes, _ high: Lanes, count: Lanes, mean: Lanes) -> Lanes {
    var sum = Lanes.zero
    for j in 0..<n {
      let x = sorted[j]
      let d = x - mean
      sum += Lanes.zero.replacing(with: d * d, where: (x .>= low) .& (x .<= high))
    }
    return (sum / (count - 1)).squareRoot()
  }
}
