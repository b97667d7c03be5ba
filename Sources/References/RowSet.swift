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
  func forEach(_ body: (Int) -> Void) {
    for (i, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        body(i << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }
}
