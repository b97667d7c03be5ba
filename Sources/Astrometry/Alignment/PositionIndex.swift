import Glibc

/// Positions sorted into square cells, to find the nearest to a place without looking at all.
struct PositionIndex {
  private let positions: [PixelPosition]
  private let cell: Double
  private var cells: [Cell: [Int]] = [:]

  private struct Cell: Hashable {
    let x: Int
    let y: Int
  }

  /// - Parameter cell: side of a cell, best the distance that is searched.
  init(_ positions: [PixelPosition], cell: Double) {
    self.positions = positions
    self.cell = cell
    for (i, p) in positions.enumerated() where p.x.isFinite && p.y.isFinite {
      cells[key(p), default: []].append(i)
    }
  }

  private func key(_ p: PixelPosition) -> Cell {
    func index(_ value: Double) -> Int { Int(min(max((value / cell).rounded(.down), -1e15), 1e15)) }
    return Cell(x: index(p.x), y: index(p.y))
  }

  /// The nearest position within `radius` of a place, nil for none.
  func nearest(to place: PixelPosition, within radius: Double) -> Int? {
    var best: (index: Int, squared: Double)?
    each(near: place, within: radius) { i, squared in
      if best.map({ squared < $0.squared }) ?? true { best = (i, squared) }
    }
    return best?.index
  }

  /// Calls `body` with the index and the squared distance of every position within `radius` of a place.
  func each(near place: PixelPosition, within radius: Double, _ body: (Int, Double) -> Void) {
    guard place.x.isFinite, place.y.isFinite, radius >= 0 else { return }
    let low = key(PixelPosition(x: place.x - radius, y: place.y - radius))
    let high = key(PixelPosition(x: place.x + radius, y: place.y + radius))
    for y in low.y...high.y {
      for x in low.x...high.x {
        for i in cells[Cell(x: x, y: y)] ?? [] {
          let (dx, dy) = (positions[i].x - place.x, positions[i].y - place.y)
          let squared = dx * dx + dy * dy
          if squared <= radius * radius { body(i, squared) }
        }
      }
    }
  }
}
