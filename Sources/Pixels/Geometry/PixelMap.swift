/// Where the pixels of one image lie in another; array indices on both sides (the centre of the first pixel is 0).
public enum PixelMap: Sendable {
  /// A smooth map on a coarse grid.
  case grid(CoordinateGrid)
  /// The position of every pixel.
  case pixels(x: Plane<Double>, y: Plane<Double>)
  /// The same image elsewhere: pixel (x, y) lies at (x + dx, y + dy).
  case shift(dx: Double, dy: Double)

  /// The mapped positions of `count` pixels of row `row`, from pixel `start` on, into two runs of memory.
  ///
  /// - Precondition: the pixels are the image's.
  public func positions(
    row: Int, from start: Int, count: Int, x xs: UnsafeMutablePointer<Double>,
    y ys: UnsafeMutablePointer<Double>
  ) {
    switch self {
    case .grid(let grid): grid.positions(row: Double(row), from: start, count: count, x: xs, y: ys)
    case .pixels(let x, let y):
      let offset = row * x.width + start
      x.withUnsafeBuffer { xs.update(from: $0.baseAddress.unsafelyUnwrapped + offset, count: count) }
      y.withUnsafeBuffer { ys.update(from: $0.baseAddress.unsafelyUnwrapped + offset, count: count) }
    case .shift(let dx, let dy):
      for i in 0..<count {
        xs[i] = Double(start + i) + dx
        ys[i] = Double(row) + dy
      }
    }
  }
}
