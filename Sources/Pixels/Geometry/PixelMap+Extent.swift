extension PixelMap {
  /// The pixels that it gives positions of, within an image of `width` x `height`.
  func window(width: Int, height: Int) -> PixelWindow {
    let whole = PixelWindow(x0: 0, y0: 0, width: width, height: height)
    switch self {
    case .grid(let grid):
      return whole.intersection(grid.window) ?? PixelWindow(x0: 0, y0: 0, width: 0, height: 0)
    case .pixels(let x, _):
      return whole.intersection(x.bounds) ?? PixelWindow(x0: 0, y0: 0, width: 0, height: 0)
    case .shift: return whole
    }
  }

  /// The range of mapped y of whole rows; nil where none has a place.
  func extent(rows: Range<Int>) -> ClosedRange<Double>? {
    switch self {
    case .grid(let grid): return grid.bounds(rows: rows)?.y
    case .shift(let dx, let dy):
      // NaN compares false.
      guard abs(dx) < farthestPosition, abs(dy) < farthestPosition else { return nil }
      return Double(rows.lowerBound) + dy...Double(rows.upperBound - 1) + dy
    case .pixels(_, let y):
      var (least, most) = (Double.infinity, -Double.infinity)
      y.withUnsafeBuffer { places in
        for i in rows.lowerBound * y.width..<rows.upperBound * y.width {
          if places[i] < least { least = places[i] }
          if places[i] > most { most = places[i] }
        }
      }
      return least <= most ? least...most : nil
    }
  }
}

extension PixelMap {
  /// The pixels of a row whose mapped y may lie within a range: whole stretches between places 64 pixels apart, between
  /// which y strays by less than half a pixel from a straight line.
  func columns(of row: Int, width: Int, within wanted: ClosedRange<Double>) -> Range<Int> {
    let (low, high) = (wanted.lowerBound - 0.5, wanted.upperBound + 0.5)
    if case .shift(_, let dy) = self {
      return Double(row) + dy >= low && Double(row) + dy <= high ? 0..<width : 0..<0
    }
    let (step, ys) = places(along: row, width: width)
    var (first, last) = (Int.max, -1)
    for cell in 0..<max(ys.count - 1, 0) {
      let (a, b) = (ys[cell], ys[cell + 1])
      // Where one end has no place, something between may have one.
      guard a.isNaN || b.isNaN || (min(a, b) <= high && max(a, b) >= low) else { continue }
      first = min(first, cell)
      last = cell
    }
    guard last >= 0 else { return 0..<0 }
    let start = max(Int(Double(first) * step) - 1, 0)
    return start..<max(min(Int((Double(last + 1) * step).rounded(.up)) + 1, width), start)
  }

  /// Mapped y along a row every `step` pixels, from its first to its last pixel or beyond.
  private func places(along row: Int, width: Int) -> (step: Double, y: [Double]) {
    switch self {
    case .grid(let grid) where grid.window.x0 == 0: return (grid.spacing.x, grid.nodes(along: Double(row)))
    case .grid(let grid):
      return (
        64,
        stride(from: 0, to: width + 63, by: 64).map {
          grid.position(x: Double($0), y: Double(row)).y
        }
      )
    case .pixels(_, let y):
      return (
        64,
        y.withUnsafeBuffer { places in
          stride(from: 0, to: width + 63, by: 64).map { places[row * width + min($0, width - 1)] }
        }
      )
    case .shift: return (1, [])
    }
  }
}
