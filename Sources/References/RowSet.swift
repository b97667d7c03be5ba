/// A set of row numbers, one bit each.
struct RowSet: Sendable {
  private(set) var words: [UInt64]

  init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

  init(allOf count: Int) {
    self.init(count: count)
    for row in 0..<count { insert(row) }
  }

  mutating func insert(_ row: Int) { words[row >> 6] |= 1 << UInt64(row & 63) }

  func contains(_ row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  mutating func formUnion(_ other: RowSet) {
    for i in words.indices { words[i] |= other.words[i] }
  }

  mutating func formIntersection(_ other: RowSet) {
    for i in words.indices { words[i] &= other.words[i] }
  }

  /// Keeps only rows that are in one of the two.
  mutating func keep(_ a: RowSet, or b: RowSet) {
    for i in words.indices { words[i] &= a.words[i] | b.words[i] }
  }

  /// The rows in ascending order.
  var rows: Rows { Rows(words: words) }

  /// Walks over the bits that are set.
  struct Rows: Sequence, IteratorProtocol {
    private let words: [UInt64]
    private var index = 0
    private var rest: UInt64

    init(words: [UInt64]) {
      self.words = words
      self.rest = words.first ?? 0
    }

    mutating func next() -> Int? {
      while rest == 0 {
        index += 1
        guard index < words.count else { return nil }
        rest = words[index]
      }
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      return index << 6 + bit
    }
  }
}
