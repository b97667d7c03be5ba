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
    case .shift(_, let dy): return Double(rows.lowerBound) + dy...Double(rows.upperBound - 1) + dy
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
