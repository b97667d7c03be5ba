/// How points cover an image: in cells that would hold four points each if they were spread evenly.
struct Coverage {
  private let columns: Int
  private let rows: Int
  private var isEmpty: [Bool]

  init(width: Int, height: Int, of points: [PixelPosition]) {
    let side = min(max((Double(points.count) / 4).squareRoot().rounded(.down), 1), 32)
    (columns, rows) = (Int(side), Int(side))
    isEmpty = [Bool](repeating: true, count: columns * rows)
    for p in points {
      let x = Int((p.x - 0.5) / Double(width) * side)
      let y = Int((p.y - 0.5) / Double(height) * side)
      if (0..<columns).contains(x), (0..<rows).contains(y) { isEmpty[y * columns + x] = false }
    }
  }

  /// The share of the greatest part of empty cells that hang together by their sides.
  var largestHole: Double {
    var left = isEmpty
    var largest = 0
    for start in left.indices where left[start] {
      left[start] = false
      var queue = [start]
      var size = 0
      while let cell = queue.popLast() {
        size += 1
        let (x, y) = (cell % columns, cell / columns)
        for (u, v) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        where u >= 0 && u < columns && v >= 0 && v < rows && left[v * columns + u] {
          left[v * columns + u] = false
          queue.append(v * columns + u)
        }
      }
      largest = max(largest, size)
    }
    return Double(largest) / Double(max(columns * rows, 1))
  }
}
