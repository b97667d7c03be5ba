/// A few blocks of sixteen pixels of a stack of n frames, and the scratch that one block is sorted in.
///
/// A class so that one scratch serves a whole band; it never leaves its thread.
final class CombineStack {
  let n: Int
  /// Blocks that are loaded together: each frame is read in runs, not in snippets of sixteen.
  let blocks: Int
  /// The samples of the block at hand in the order of the frames; NaN where a sample may not be used.
  private(set) var samples: UnsafeMutablePointer<Lanes>
  /// The errors of the block at hand.
  private(set) var errors: UnsafeMutablePointer<Lanes>
  /// The flags of the block at hand.
  private(set) var flags: UnsafeMutablePointer<FlagLanes>
  /// The usable samples sorted upwards, +infinity after the last.
  let sorted: UnsafeMutablePointer<Lanes>
  /// Room for deviations, errors or weights.
  let spare: UnsafeMutablePointer<Lanes>
  private let storage: UnsafeMutablePointer<Lanes>
  private let flagStorage: UnsafeMutablePointer<FlagLanes>
  private let network: [SIMD2<UInt16>]

  init(count n: Int, network: SortingNetwork) {
    self.n = n
    self.network = network.comparators
    blocks = min(max(256 / n, 4), 32)
    let loaded = blocks * n
    storage = .allocate(capacity: 2 * loaded + 2 * n)
    storage.initialize(repeating: .zero, count: 2 * loaded + 2 * n)
    flagStorage = .allocate(capacity: loaded)
    flagStorage.initialize(repeating: .zero, count: loaded)
    samples = storage
    errors = storage + loaded
    flags = flagStorage
    sorted = storage + 2 * loaded
    spare = sorted + n
  }

  deinit {
    storage.deallocate()
    flagStorage.deallocate()
  }

  /// Makes block `b` of those loaded the one at hand.
  @inline(__always)
  func select(_ b: Int) {
    samples = storage + b * n
    errors = storage + (blocks + b) * n
    flags = flagStorage + b * n
  }

  /// Puts the sixteen pixels of frame `j` into block `b`.
  @inline(__always)
  func load(_ sample: Lanes, _ error: Lanes, _ quality: FlagLanes, frame j: Int, block b: Int) {
    storage[b * n + j] = sample
    storage[(blocks + b) * n + j] = error
    flagStorage[b * n + j] = quality
  }

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
    // With t = 2 (j - first) - count the two middle values are at t = -2 and 0, or both at -1.
    var t = -2 * first - count
    var a = Lanes(repeating: .nan)
    var b = a
    for j in 0..<n {
      let x = values[j]
      let middle = t .== -1
      a.replace(with: x, where: middle .| (t .== -2))
      b.replace(with: x, where: middle .| (t .== 0))
      t += 2
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

  /// The mean of the usable samples in `low...high`, summed from `pivot` to keep single precision exact
  /// enough.
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
