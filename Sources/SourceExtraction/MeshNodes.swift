import Pixels

/// One quantity of a background mesh at its tiles, with its second derivatives along y.
struct MeshNodes: Sendable, Equatable {
  let columns: Int
  let rows: Int
  var values: [Float]
  private(set) var derivatives: [Float]

  init(columns: Int, rows: Int, values: [Float]) {
    self.columns = columns
    self.rows = rows
    self.values = values
    derivatives = [Float](repeating: 0, count: values.count)
  }

  /// Gives `bad` tiles the mean of the nearest good ones (of all that are equally near); `fallback` where no tile
  /// is good.
  mutating func fill(_ bad: [Bool], fallback: Float) {
    guard bad.contains(true) else { return }
    let old = values
    let known = KnownCells(columns: columns, isKnown: bad.map { !$0 })
    for k in values.indices where bad[k] {
      let near = known.nearest(to: k, 1, ties: true).map(\.cell).sorted()
      values[k] = near.isEmpty ? fallback : near.reduce(0) { $0 + old[$1] } / Float(near.count)
    }
  }

  /// The median over a window about tile `k` that shrinks towards the edges so that `k` stays its middle.
  func median(about k: Int, width: Int, height: Int) -> Float {
    let (x, y) = (k % columns, k / columns)
    let dx = min(width / 2, min(x, columns - 1 - x))
    let dy = min(height / 2, min(y, rows - 1 - y))
    var window: [Float] = []
    for j in y - dy...y + dy {
      for i in x - dx...x + dx { window.append(values[j * columns + i]) }
    }
    return Self.median(window)
  }

  /// The middle value, or the mean of the middle two.
  static func median(_ values: [Float]) -> Float {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Computes the derivatives along y that the interpolation of the library wants.
  ///
  /// They are those of a natural spline but for SExtractor's back substitution, which divides the whole of
  /// `g d[y+1] + u` by 6 where a spline would divide `u` alone; its definition is kept.
  mutating func differentiate() {
    guard rows > 2 else { return }
    var u = [Float](repeating: 0, count: rows)
    for x in 0..<columns {
      u[0] = 0
      derivatives[x] = 0
      for y in 1..<rows - 1 {
        let k = y * columns + x
        let g = -1 / (derivatives[k - columns] + 4)
        derivatives[k] = g
        u[y] = g * (u[y - 1] - 6 * (values[k + columns] + values[k - columns] - 2 * values[k]))
      }
      derivatives[(rows - 1) * columns + x] = 0
      for y in (1..<rows - 1).reversed() {
        let k = y * columns + x
        derivatives[k] = (derivatives[k] * derivatives[k + columns] + u[y]) / 6
      }
    }
  }
}
