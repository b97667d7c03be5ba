/// Which rows of an input reach which rows of the output.
struct InputReach: Sendable {
  /// Side of an input pixel in output pixels, in the middle of the input.
  let turboSide: Double
  private let height: Int
  /// How far a drop reaches from its centre in y, and from one row's centre to the edge of a pixel.
  let reach: Double
  /// Mapped y of blocks of rows; nil where none has a place.
  private let blocks: [ClosedRange<Double>?]
  private static let blockRows = 16

  init(_ input: ResampleInput, drop: Double, turboSide: Double?) {
    height = input.height
    let slopes = Self.slopes(of: input)
    self.turboSide = turboSide ?? slopes.side
    reach = 0.5 + 0.5 * drop * max(slopes.steepest, self.turboSide) * 1.05 + 0.01
    blocks = stride(from: 0, to: input.height, by: Self.blockRows).map { first in
      input.map.extent(rows: first..<min(first + Self.blockRows, input.height))
    }
  }

  /// The rows of the input that reach `rows` of the output, and those between; nil when there is none.
  func rows(reaching rows: Range<Int>) -> Range<Int>? {
    let wanted = Double(rows.lowerBound) - reach...Double(rows.upperBound - 1) + reach
    let touching = blocks.indices.filter { blocks[$0]?.overlaps(wanted) == true }
    guard let first = touching.first, let last = touching.last else { return nil }
    return first * Self.blockRows..<min((last + 1) * Self.blockRows, height)
  }

  /// Steepest |dy/dx| + |dy/dy| at nine places, and the root of the Jacobian in the middle.
  private static func slopes(of input: ResampleInput) -> (steepest: Double, side: Double) {
    var (steepest, side) = (0.0, 1.0)
    for v in 0..<3 {
      for u in 0..<3 {
        let x = min(max(u * (input.width - 1) / 2, 0), max(input.width - 2, 0))
        let y = min(max(v * (input.height - 1) / 2, 0), max(input.height - 2, 0))
        let j = Jacobian(input, x: x, y: y)
        let steep = abs(j.yx) + abs(j.yy)
        if steep > steepest { steepest = steep }
        if u == 1, v == 1, j.determinant > 0 { side = j.determinant.squareRoot() }
      }
    }
    return (steepest, side)
  }
}

/// How mapped positions change from pixel to pixel.
private struct Jacobian {
  var (xx, xy, yx, yy) = (1.0, 0.0, 0.0, 1.0)
  var determinant: Double { abs(xx * yy - xy * yx) }

  init(_ input: ResampleInput, x: Int, y: Int) {
    guard input.width > 1, input.height > 1 else { return }
    var (xs, ys) = ([0.0, 0.0], [0.0, 0.0])
    var (above, aboveY) = ([0.0], [0.0])
    input.map.positions(row: y, from: x, count: 2, x: &xs, y: &ys)
    input.map.positions(row: y + 1, from: x, count: 1, x: &above, y: &aboveY)
    xx = xs[1] - xs[0]
    yx = ys[1] - ys[0]
    xy = above[0] - xs[0]
    yy = aboveY[0] - ys[0]
  }
}
