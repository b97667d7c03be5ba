/// A sorting network for any number of samples: Batcher's merge exchange (Knuth, TAOCP 3, algorithm 5.2.2M).
///
/// The comparators do not depend on the data, so sixteen pixels are sorted at once without a branch.
struct SortingNetwork: Sendable {
  /// Pairs (a, b), a < b: after each the smaller value is at a.
  let comparators: [SIMD2<UInt16>]

  /// Those that bring the samples of some ranks to their places; the other places are left in no order.
  static func bringing(_ ranks: [Int], of count: Int) -> SortingNetwork {
    var needed = Set(ranks.map { UInt16($0) })
    var kept: [SIMD2<UInt16>] = []
    for pair in SortingNetwork(count: count).comparators.reversed()
    where needed.contains(pair.x) || needed.contains(pair.y) {
      needed.formUnion([pair.x, pair.y])
      kept.append(pair)
    }
    return SortingNetwork(comparators: kept.reversed())
  }

  private init(comparators: [SIMD2<UInt16>]) { self.comparators = comparators }

  init(count: Int) {
    var pairs: [SIMD2<UInt16>] = []
    var top = 1
    while top * 2 < count { top *= 2 }
    var p = top
    while p > 0, count > 1 {
      var q = top
      var r = 0
      var d = p
      while true {
        for i in 0..<max(count - d, 0) where i & p == r {
          pairs.append(SIMD2(UInt16(i), UInt16(i + d)))
        }
        if q == p { break }
        d = q - p
        q /= 2
        r = p
      }
      p /= 2
    }
    comparators = pairs
  }

  /// Sorts each lane of `samples` upwards; no sample may be NaN.
  @inline(__always)
  static func sort(_ samples: UnsafeMutablePointer<Lanes>, _ comparators: UnsafeBufferPointer<SIMD2<UInt16>>)
  {
    for pair in comparators {
      let a = samples + Int(pair.x)
      let b = samples + Int(pair.y)
      let x = a.pointee
      let y = b.pointee
      let ordered = x .< y
      a.pointee = y.replacing(with: x, where: ordered)
      b.pointee = x.replacing(with: y, where: ordered)
    }
  }

  /// Sorts each lane of `samples` upwards and carries `companions` along.
  @inline(__always)
  static func sort(
    _ samples: UnsafeMutablePointer<Lanes>, carrying companions: UnsafeMutablePointer<Lanes>,
    _ comparators: UnsafeBufferPointer<SIMD2<UInt16>>
  ) {
    for pair in comparators {
      let a = Int(pair.x)
      let b = Int(pair.y)
      let x = samples[a]
      let y = samples[b]
      let ordered = x .<= y
      samples[a] = y.replacing(with: x, where: ordered)
      samples[b] = x.replacing(with: y, where: ordered)
      let u = companions[a]
      let v = companions[b]
      companions[a] = v.replacing(with: u, where: ordered)
      companions[b] = u.replacing(with: v, where: ordered)
    }
  }
}
