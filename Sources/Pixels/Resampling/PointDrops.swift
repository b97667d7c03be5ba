/// Input pixels that go as a whole to the output pixel under their centre.
struct PointDrops {
  private let source: DropSource

  init(_ input: ResampleInput, _ pixels: Measured, _ rows: Range<Int>, _ options: ResampleOptions) {
    source = DropSource(input: input, pixels: pixels, rows: rows, excludedFlags: options.excludedFlags)
  }

  func drop(into band: MosaicBand) {
    let input = source.input
    let scale = Double(input.valueScale)
    let (width, height) = (band.width, band.height)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * input.width) { places in
      guard let xs = places.baseAddress else { return }
      let ys = xs + input.width
      source.forEachRow { row, value, error, quality, weights in
        input.map.positions(row: row, from: 0, count: input.width, x: xs, y: ys)
        for x in 0..<input.width {
          guard abs(xs[x]) < farthestPosition, abs(ys[x]) < farthestPosition else { continue }
          let column = nearestIndex(xs[x])
          let line = nearestIndex(ys[x]) - band.firstRow
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
