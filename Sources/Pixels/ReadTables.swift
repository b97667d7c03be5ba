/// The weights of all usable reads of one integration.
struct WeightSet {
  /// One for each read of the table.
  let weights: UnsafePointer<Float>
  /// As in `ReadWeights`.
  let divisor: Float
  let read: Float
  let poisson: Float
}

/// What the fit of one integration needs of its reads. Plain memory: loops over pixels neither count references nor
/// check bounds.
struct ReadTable {
  /// Reads that are not dropped.
  let count: Int
  /// Where their samples begin in the ramp.
  let offsets: UnsafePointer<Int>
  /// Their seconds.
  let times: UnsafePointer<Double>
  /// Seconds since the read before; 0 for the first.
  let steps: UnsafePointer<Float>
  /// Whether the steps read the same from both ends, to the rounding of the times.
  let isSymmetric: Bool
  /// The straight line of equal weights as weights of the differences that lead to each read; 0 for the first.
  let prior: UnsafePointer<Float>
  /// Variance of the straight line for a read noise of 1, by which integrations are weighed.
  let lineVariance: Float
  /// The method's weights where all reads are usable; for `optimal` one set for each level of signal.
  let sets: UnsafePointer<WeightSet>
}

/// The tables of all integrations of a ramp.
///
/// `@unchecked Sendable`: nothing is written after the initialiser.
final class ReadTables: @unchecked Sendable {
  /// One for each integration.
  let integrations: UnsafeBufferPointer<ReadTable>
  private let blocks: [UnsafeMutableRawPointer]

  init(_ options: RampFitOptions, reads: Int, planeCount: Int) {
    var memory = TableMemory()
    let tables = options.times.enumerated().map { index, times in
      let dropped = options.droppedReads.union(options.droppedReadsByIntegration[index] ?? [])
      let kept = times.indices.filter { !dropped.contains($0) }
      let offsets = kept.map { (index * reads + $0) * planeCount }
      return Self.table(options.method, kept.map { times[$0] }, offsets, &memory)
    }
    integrations = UnsafeBufferPointer(start: memory.keep(tables), count: tables.count)
    blocks = memory.blocks
  }

  deinit { for block in blocks { block.deallocate() } }

  private static func table(
    _ method: RampFitOptions.Method, _ times: [Double], _ offsets: [Int], _ memory: inout TableMemory
  ) -> ReadTable {
    let all = Array(times.indices)
    let line = ReadWeights(method: .utr, times: times, usable: all)
    let prior = all.map { read in
      read == 0 ? 0 : all[read...].reduce(0) { $0 + line.weights[$1] } / line.divisor
    }
    let powers = method == .optimal ? FixsenWeights.powers : [0]
    let sets = powers.map { power in
      let set = ReadWeights(method: method, times: times, usable: all, power: power)
      return WeightSet(
        weights: memory.keep(set.weights), divisor: set.divisor, read: set.read, poisson: set.poisson)
    }
    let steps = all.map { $0 == 0 ? 0 : Float(times[$0] - times[$0 - 1]) }
    let isSymmetric = zip(steps.dropFirst(), steps.dropFirst().reversed()).allSatisfy {
      abs($0 - $1) <= 1e-6 * abs($0)
    }
    return ReadTable(
      count: times.count, offsets: memory.keep(offsets), times: memory.keep(times),
      steps: memory.keep(steps), isSymmetric: isSymmetric,
      prior: memory.keep(prior), lineVariance: line.read, sets: memory.keep(sets))
  }
}

/// Memory for tables while they are made.
private struct TableMemory {
  var blocks: [UnsafeMutableRawPointer] = []

  mutating func keep<T>(_ values: [T]) -> UnsafePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: max(values.count, 1))
    pointer.initialize(from: values, count: values.count)
    blocks.append(UnsafeMutableRawPointer(pointer))
    return UnsafePointer(pointer)
  }
}
