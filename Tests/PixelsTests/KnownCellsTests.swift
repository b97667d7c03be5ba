import Pixels
import Testing

@Suite struct KnownCellsTests {
  private func bruteForce(_ isKnown: [Bool], _ columns: Int, _ cell: Int) -> [KnownCells.Neighbour] {
    isKnown.indices.filter { isKnown[$0] }
      .map { other in
        let dx = other % columns - cell % columns
        let dy = other / columns - cell / columns
        return KnownCells.Neighbour(cell: other, squared: dx * dx + dy * dy)
      }
      .sorted { ($0.squared, -$0.cell) < ($1.squared, -$1.cell) }
  }

  @Test(arguments: [(7, 9, 2), (16, 3, 5), (1, 12, 3), (12, 1, 3), (20, 20, 40)])
  func theNearestAreThoseOfALookAtAll(columns: Int, rows: Int, rarity: UInt64) {
    var state: UInt64 = 42
    let isKnown = (0..<columns * rows).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % rarity == 0
    }
    let cells = KnownCells(columns: columns, isKnown: isKnown)
    for cell in isKnown.indices {
      let all = bruteForce(isKnown, columns, cell)
      #expect(cells.nearest(to: cell, 10) == Array(all.prefix(10)))
      let nearest = all.prefix { $0.squared == all[0].squared }
      #expect(cells.nearest(to: cell, 1, ties: true) == Array(nearest))
    }
  }

  @Test func whereNothingIsKnownNothingIsNear() {
    #expect(KnownCells(columns: 3, isKnown: [false, false, false]).nearest(to: 1, 10) == [])
  }
}
