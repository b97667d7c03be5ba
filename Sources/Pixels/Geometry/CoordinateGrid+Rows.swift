extension CoordinateGrid {
  /// Mapped y of a row at the columns of nodes, the first of which lies half a pixel before the window.
  func nodes(along row: Double) -> [Double] {
    let up = Stencil(at: (row - Double(window.y0) + 0.5) / spacing.y, nodes: rows)
    return (0..<columns).map { i in
      (0..<4).reduce(0) { $0 + up.weights[$1] * y[(up.first + $1) * columns + i] }
    }
  }

  /// The mapped positions of a run of neighbouring pixels of a row: four nodes are blended in y once for the row, and
  /// between two nodes the positions are a cubic in x.
  ///
  /// - Parameters:
  ///   - row: y of the pixels; it need not be whole.
  ///   - start: x of the first pixel.
  ///   - count: how many pixels.
  ///   - xs: room for `count` mapped x.
  ///   - ys: room for `count` mapped y.
  public func positions(
    row: Double, from start: Int, count: Int, x xs: UnsafeMutablePointer<Double>,
    y ys: UnsafeMutablePointer<Double>
  ) {
    let up = Stencil(at: (row - Double(window.y0) + 0.5) / spacing.y, nodes: rows)
    withUnsafeTemporaryAllocation(of: SIMD2<Double>.self, capacity: columns) { line in
      for i in 0..<columns {
        var sum = SIMD2<Double>.zero
        for j in 0..<4 {
          let node = (up.first + j) * columns + i
          sum += up.weights[j] * SIMD2(x[node], y[node])
        }
        line.initializeElement(at: i, to: sum)
      }
      let left = Double(window.x0) - 0.5
      var done = 0
      while done < count {
        let place = (Double(start + done) - left) / spacing.x
        let cell = min(max(Int(place.rounded(.down)), 0), columns - 2)
        // Up to the first pixel at or after the next node; the last cell takes all that remain.
        let edge =
          cell == columns - 2 ? count : Int((left + Double(cell + 1) * spacing.x).rounded(.up)) - start
        let end = min(max(edge, done + 1), count)
        let cubic = Cubic(line, first: min(max(cell - 1, 0), columns - 4))
        let first = min(max(cell - 1, 0), columns - 4)
        let origin = (Double(start) - left) / spacing.x - Double(first)
        let step = 1 / spacing.x
        for i in done..<end {
          let t = origin + step * Double(i)
          xs[i] = cubic.x(t)
          ys[i] = cubic.y(t)
        }
        done = end
      }
    }
  }
}

/// The polynomial of degree 3 through four nodes at 0, 1, 2 and 3.
private struct Cubic {
  private let a: SIMD2<Double>
  private let b: SIMD2<Double>
  private let c: SIMD2<Double>
  private let d: SIMD2<Double>

  init(_ line: UnsafeMutableBufferPointer<SIMD2<Double>>, first: Int) {
    let (p, q, r, s) = (line[first], line[first + 1], line[first + 2], line[first + 3])
    // Newton's forward differences, multiplied out.
    let (d1, d2, d3) = (q - p, r - 2 * q + p, s - 3 * r + 3 * q - p)
    a = p
    b = d1 - d2 / 2 + d3 / 3
    c = d2 / 2 - d3 / 2
    d = d3 / 6
  }

  @inline(__always) func x(_ t: Double) -> Double { a.x + t * (b.x + t * (c.x + t * d.x)) }
  @inline(__always) func y(_ t: Double) -> Double { a.y + t * (b.y + t * (c.y + t * d.y)) }
}
