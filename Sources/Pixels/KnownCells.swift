/// The cells of a grid that have a value, arranged so that the nearest ones to any cell are found without looking at
/// all of them: filling the holes of a mesh stays cheap when half of it is empty.
package struct KnownCells: Sendable {
  /// A known cell and its squared distance from the one that was asked about.
  package struct Neighbour: Sendable, Equatable {
    /// Row-major index.
    package var cell: Int
    package var squared: Int

    package init(cell: Int, squared: Int) {
      self.cell = cell
      self.squared = squared
    }

    /// Nearer first; of equally near ones the last in row order first.
    static func < (a: Neighbour, b: Neighbour) -> Bool {
      a.squared != b.squared ? a.squared < b.squared : a.cell > b.cell
    }
  }

  private let columns: Int
  /// Columns of the known cells of each row, ascending.
  private let rows: [[Int]]
  package let count: Int

  /// - Parameter isKnown: row by row, `columns` to a row.
  package init(columns: Int, isKnown: [Bool]) {
    self.columns = columns
    rows = stride(from: 0, to: isKnown.count, by: max(columns, 1)).map { start in
      (0..<columns).filter { isKnown[start + $0] }
    }
    count = rows.reduce(0) { $0 + $1.count }
  }

  /// The `wanted` nearest known cells, nearest first; with `ties`, also all those as far as the last of them.
  ///
  /// Fewer where fewer are known. A known cell is its own nearest.
  package func nearest(to cell: Int, _ wanted: Int, ties: Bool = false) -> [Neighbour] {
    let (x, y) = (cell % columns, cell / columns)
    var found: [Neighbour] = []
    for dy in 0..<rows.count {
      if found.count >= wanted, dy * dy > found[wanted - 1].squared { break }
      if y - dy >= 0 { search(y - dy, x, dy, wanted, ties, &found) }
      if dy > 0, y + dy < rows.count { search(y + dy, x, dy, wanted, ties, &found) }
    }
    return found
  }

  /// Walks outwards along one row until nothing nearer can come.
  private func search(
    _ row: Int, _ x: Int, _ dy: Int, _ wanted: Int, _ ties: Bool, _ found: inout [Neighbour]
  ) {
    let known = rows[row]
    let middle = Self.firstIndex(in: known, notBelow: x)
    var left = middle - 1
    var right = middle
    func isWorthwhile(_ column: Int) -> Bool {
      let dx = column - x
      return insert(Neighbour(cell: row * columns + column, squared: dx * dx + dy * dy), wanted, ties, &found)
    }
    while right < known.count, isWorthwhile(known[right]) { right += 1 }
    while left >= 0, isWorthwhile(known[left]) { left -= 1 }
  }

  /// - Returns: false when it is farther than all that are wanted.
  private func insert(
    _ neighbour: Neighbour, _ wanted: Int, _ ties: Bool, _ found: inout [Neighbour]
  ) -> Bool {
    if found.count >= wanted, neighbour.squared > found[wanted - 1].squared { return false }
    found.insert(neighbour, at: found.firstIndex { neighbour < $0 } ?? found.count)
    guard found.count > wanted else { return true }
    let limit = found[wanted - 1].squared
    while found.count > wanted, !ties || (found.last?.squared ?? limit) > limit { found.removeLast() }
    return true
  }

  private static func firstIndex(in sorted: [Int], notBelow value: Int) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
