/// Drops that are squares along the output's axes, all of one size.
struct TurboDrops {
  private let source: DropSource
  /// Half the side, output pixels.
  private let half: Double

  /// - Parameter side: side of the drops in output pixels.
  init(_ source: DropSource, side: Double) {
    self.source = source
    half = side / 2
  }

  func drop(into band: MosaicBand) {
    let input = source.input
    let scale = Double(input.valueScale)
    let top = Double(band.height) - 0.5 + half
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * input.width) { places in
      guard let xs = places.baseAddress else { return }
      let ys = xs + input.width
      source.forEachRow { row, columns, value, error, quality, weights in
        input.map.positions(
          row: row, from: columns.lowerBound, count: columns.count, x: xs + columns.lowerBound,
          y: ys + columns.lowerBound)
        for x in columns {
          let y = ys[x] - Double(band.firstRow)
          guard y > -0.5 - half, y < top, abs(xs[x]) < farthestPosition else { continue }
          let weight = source.weight(value[x], quality[x], weights, x)
          guard weight > 0 else { continue }
          let sigma = Double(error[x]) * scale
          spread(
            SIMD2(xs[x], y), weight / (4 * half * half), Double(value[x]) * scale, sigma * sigma, quality[x],
            band)
        }
      }
    }
  }

  /// Shares a drop among the output pixels under it; `density` is its weight per area.
  @inline(__always)
  private func spread(
    _ centre: SIMD2<Double>, _ density: Double, _ value: Double, _ variance: Double, _ marks: UInt32,
    _ band: MosaicBand
  ) {
    let (left, right) = (centre.x - half, centre.x + half)
    let (bottom, top) = (centre.y - half, centre.y + half)
    let (firstColumn, endColumn) = (max(nearestIndex(left), 0), min(nearestIndex(right) + 1, band.width))
    var line = max(nearestIndex(bottom), 0)
    let endLine = min(nearestIndex(top) + 1, band.height)
    while line < endLine {
      let across = min(top, Double(line) + 0.5) - max(bottom, Double(line) - 0.5)
      var column = firstColumn
      while column < endColumn {
        let along = min(right, Double(column) + 0.5) - max(left, Double(column) - 0.5)
        if along > 0, across > 0 {
          band.add(
            line * band.width + column, weight: along * across * density, value, variance, marks)
        }
        column += 1
      }
      line += 1
    }
  }
}
