/// Output pixels that interpolate the input under them.
///
/// Pixels that cannot be used are left out and the rest of the weights renormalised; where the nearest pixel cannot be
/// used, or what is left of the weights is under 0.7, the frame gives nothing. The flags are those of all pixels used.
struct LanczosGather {
  private let input: ResampleInput
  private let firstRow: Int
  private let padded: PaddedInput
  private let table: LanczosTable
  /// Less of the kernel than this is no interpolation.
  static let leastSum: Float = 0.7

  init(_ loaded: LoadedInput, _ padded: PaddedInput, _ table: LanczosTable) {
    input = loaded.input
    firstRow = loaded.firstRow
    self.padded = padded
    self.table = table
  }

  func gather(into band: MosaicBand) {
    let window = input.map.window(width: band.width, height: band.firstRow + band.height)
    guard window.width > 0 else { return }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * window.width) { places in
      guard let xs = places.baseAddress else { return }
      let ys = xs + window.width
      table.withWeights { weights in
        for line in max(band.firstRow, window.y0)..<max(band.firstRow, window.y0, window.y0 + window.height) {
          input.map.positions(row: line, from: window.x0, count: window.width, x: xs, y: ys)
          let start = (line - band.firstRow) * band.width + window.x0
          for i in 0..<window.width { take(xs[i], ys[i], start + i, weights, band) }
        }
      }
    }
  }

  @inline(__always)
  private func take(
    _ x: Double, _ y: Double, _ target: Int, _ weights: UnsafePointer<SIMD8<Float>>, _ band: MosaicBand
  ) {
    // The nearest pixel must be one of the image's; NaN compares false.
    guard x >= -0.5, x < Double(input.width) - 0.5, y >= -0.5, y < Double(input.height) - 0.5 else { return }
    let (column, line) = (Int(x + 1) - 1, Int(y + 1) - 1)
    let (tx, ty) = (x - Double(column), y - Double(line))
    let (wx, wy) = (lanczosWeights(weights, tx), lanczosWeights(weights, ty))
    // Columns and lines -2…3 of the place, in the padded image.
    let corner =
      (line - 2 - firstRow + PaddedInput.border) * padded.stride + column - 2 + PaddedInput.border
    let (marks, hasHoles) = padded.marks(corner)
    var factor = input.weight
    if let weights = input.pixelWeights {
      let (nearX, nearY) = (tx < 0.5 ? column : column + 1, ty < 0.5 ? line : line + 1)
      factor *= Double(weights[nearX, nearY])
      guard factor > 0, factor.isFinite else { return }
    }
    if !hasHoles {
      let (value, variance) = padded.sums(corner, wx, wy)
      band.add(target, weight: factor, Double(value), Double(variance), marks)
    } else if let (value, variance) = padded.sumsAroundHoles(
      corner, wx, wy, nearRight: tx >= 0.5, nearUp: ty >= 0.5)
    {
      band.add(target, weight: factor, Double(value), Double(variance), marks)
    }
  }
}

extension ResamplePlan {
  /// The rows of an input that an output band interpolates; nil when it has none under it.
  func gatheredRows(of input: ResampleInput, for rows: Range<Int>) -> Range<Int>? {
    let window = input.map.window(width: width, height: height)
    let shared = rows.clamped(to: window.y0..<window.y0 + max(window.height, 0))
    guard !shared.isEmpty, let extent = input.map.extent(rows: shared) else { return nil }
    let low = max(min(extent.lowerBound - 4, 1e9), -1e9)
    let high = max(min(extent.upperBound + 5, 1e9), -1e9)
    let wanted = Int(low.rounded(.down))..<Int(high.rounded(.up))
    let present = wanted.clamped(to: 0..<input.height)
    return present.isEmpty ? nil : present
  }
}
