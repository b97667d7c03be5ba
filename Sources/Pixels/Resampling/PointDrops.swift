/// Input pixels that go as a whole to the output pixel under their centre.
struct PointDrops {
  private let source: DropSource
  /// Dithers by half a pixel of the output put centres on the edges between two pixels: all of them go to the upper one,
  /// so that frames interlace, and not to the even one or where rounding noise has it.
  private static let tie = 1e-6

  init(_ source: DropSource) { self.source = source }

  func drop(into band: MosaicBand) {
    let input = source.input
    let scale = Double(input.valueScale)
    let (width, height) = (band.width, band.height)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * input.width) { places in
      guard let xs = places.baseAddress else { return }
      let ys = xs + input.width
      source.forEachRow { row, columns, value, error, quality, weights in
        input.map.positions(
          row: row, from: columns.lowerBound, count: columns.count, x: xs + columns.lowerBound,
          y: ys + columns.lowerBound)
        for x in columns {
          guard abs(xs[x]) < farthestPosition, abs(ys[x]) < farthestPosition else { continue }
          let column = nearestIndex(xs[x] + Self.tie)
          let line = nearestIndex(ys[x] + Self.tie) - band.firstRow
          guard UInt(bitPattern: line) < UInt(height), UInt(bitPattern: column) < UInt(width) else {
            continue
          }
          let weight = source.weight(value[x], quality[x], weights, x)
          guard weight > 0 else { continue }
          let sigma = Double(error[x]) * scale
          band.add(
            line * width + column, weight: weight, Double(value[x]) * scale, sigma * sigma, quality[x])
        }
      }
    }
  }
}
