/// Running medians over rows of samples, of any window length.
///
/// The samples are put in order once. A window then is a set of ranks, kept as bits, and its median moves by a few bits
/// from row to row: a row costs as much in a long window as in a short one.
package struct RunningMedian: Sendable {
  private let rows: Int
  private let perRow: Int
  /// The rank of each sample; -1 where there is no value.
  private let ranks: [Int32]
  /// The values in order.
  private let sorted: [Float]

  /// Puts samples in order that are given row by row; NaN is no value.
  package init(_ samples: [Float], perRow: Int) {
    self.perRow = perRow
    rows = perRow > 0 ? samples.count / perRow : 0
    let order = FloatOrder.ascending(samples)
    var ranks = [Int32](repeating: -1, count: samples.count)
    for (rank, place) in order.enumerated() { ranks[Int(place)] = Int32(rank) }
    self.ranks = ranks
    sorted = order.map { samples[Int($0)] }
  }

  /// The median about each row, of `length` rows (an odd number), cut off at both ends; NaN where nothing is known.
  package func medians(of length: Int) -> [Float] {
    let half = length / 2
    var window = RankSet(count: sorted.count)
    func forEach(_ row: Int, _ body: (Int) -> Void) {
      guard row >= 0, row < rows else { return }
      for i in row * perRow..<(row + 1) * perRow where ranks[i] >= 0 { body(Int(ranks[i])) }
    }
    for row in 0..<min(half, rows) { forEach(row) { window.insert($0) } }
    return (0..<rows).map { row in
      forEach(row + half) { window.insert($0) }
      forEach(row - half - 1) { window.remove($0) }
      guard let (low, high) = window.middle() else { return .nan }
      return low == high ? sorted[low] : (sorted[low] + sorted[high]) / 2
    }
  }
}

/// A set of ranks that knows its middle ones.
struct RankSet {
  private var words: [UInt64]
  private var count = 0
  /// Where the middle was looked for last, and how many members lie below it.
  private var cursor = 0
  private var below = 0

  /// No member yet, of ranks below `count`.
  init(count: Int) { words = [UInt64](repeating: 0, count: count / 64 + 1) }

  /// Takes in a rank that is not in the set.
  mutating func insert(_ rank: Int) {
    words[rank >> 6] |= 1 << UInt64(rank & 63)
    count += 1
    if rank < cursor { below += 1 }
  }

  /// Lets go a rank that is in the set.
  mutating func remove(_ rank: Int) {
    words[rank >> 6] &= ~(1 << UInt64(rank & 63))
    count -= 1
    if rank < cursor { below -= 1 }
  }

  /// The middle member twice, or the two in the middle; nil of an empty set.
  mutating func middle() -> (Int, Int)? {
    guard count > 0 else { return nil }
    let wanted = (count - 1) / 2
    while below > wanted {
      cursor = last(before: cursor)
      below -= 1
    }
    cursor = first(from: cursor)
    while below < wanted {
      cursor = first(from: cursor + 1)
      below += 1
    }
    return (cursor, count % 2 == 1 ? cursor : first(from: cursor + 1))
  }

  /// The first member not below `rank`; there is one.
  private func first(from rank: Int) -> Int {
    var index = rank >> 6
    var word = words[index] & (~0 << UInt64(rank & 63))
    while word == 0 {
      index += 1
      word = words[index]
    }
    return index << 6 + word.trailingZeroBitCount
  }

  /// The last member below `rank`; there is one.
  private func last(before rank: Int) -> Int {
    var index = rank >> 6
    var word = words[index] & ~(~0 << UInt64(rank & 63))
    while word == 0 {
      index -= 1
      word = words[index]
    }
    return index << 6 + 63 - word.leadingZeroBitCount
  }
}
