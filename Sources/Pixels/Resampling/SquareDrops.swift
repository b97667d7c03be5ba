/// Drops that are the input pixels themselves, shrunk by `pixfrac`: parallelograms in the output, of which each output
/// pixel takes the area it shares, exactly.
///
/// A pixel's sides follow from the positions of its neighbours' centres. Four drops are worked on at a time.
struct SquareDrops {
  private let source: DropSource
  /// Half the drop's side, input pixels.
  private let half: Double

  init(_ source: DropSource, pixfrac: Double) {
    self.source = source
    half = pixfrac / 2
  }

  func drop(into band: MosaicBand) {
    let window = PlaceWindow(source)
    let cells = DropCells()
    let scale = Double(source.input.valueScale)
    source.forEachRow { row, columns, value, error, quality, weights in
      window.move(to: row)
      for x in stride(from: columns.lowerBound, to: columns.upperBound, by: 4) {
        let count = min(4, columns.upperBound - x)
        var weight = SIMD4<Double>.zero
        for lane in 0..<count {
          weight[lane] = source.weight(value[x + lane], quality[x + lane], weights, x + lane)
        }
        guard let drops = window.drops(x, half: half, weight: &weight, band) else { continue }
        cells.divide(drops)
        let density = weight / drops.area
        for lane in 0..<count where weight[lane] > 0 && drops.area[lane] > 0 {
          let sigma = Double(error[x + lane]) * scale
          cells.add(
            lane, of: drops, to: band, density: density[lane], Double(value[x + lane]) * scale, sigma * sigma,
            quality[x + lane])
        }
      }
    }
  }
}

/// Four parallelograms: the middle within the lowest pixel of the box around each, half-axes, and that pixel.
struct Drops {
  var x: SIMD4<Double>
  var y: SIMD4<Double>
  var alongX: SIMD4<Double>
  var alongY: SIMD4<Double>
  var upX: SIMD4<Double>
  var upY: SIMD4<Double>
  /// Their areas.
  var area: SIMD4<Double>
  /// 1, or -1 where the map mirrors.
  var sign: SIMD4<Double>
  /// The output pixel that `x`, `y` count from.
  var column: SIMD4<Double>
  var line: SIMD4<Double>
  /// Output pixels that the largest box covers.
  var columns: Int
  var lines: Int
}

/// The mapped positions of three neighbouring rows of an input.
final class PlaceWindow {
  /// Half a drop's box, output pixels: what is larger is no pixel but a map that is torn beside it.
  private static let largest = SIMD4<Double>(repeating: 128)
  private let source: DropSource
  private let input: ResampleInput
  /// Doubles of a row: one before the first pixel, some after the last.
  private let stride: Int
  private let memory: UnsafeMutablePointer<Double>
  private var slots = (below: 0, here: 1, above: 2)
  private var row = Int.min

  init(_ source: DropSource) {
    self.source = source
    input = source.input
    stride = input.width + 8
    memory = .allocate(capacity: 6 * stride)
    memory.initialize(repeating: .nan, count: 6 * stride)
  }

  deinit { memory.deallocate() }

  private func xs(_ slot: Int) -> UnsafeMutablePointer<Double> { memory + 2 * slot * stride + 1 }
  private func ys(_ slot: Int) -> UnsafeMutablePointer<Double> { memory + (2 * slot + 1) * stride + 1 }

  /// Makes `row` the middle one.
  func move(to row: Int) {
    if row == self.row + 1 {
      slots = (slots.here, slots.above, slots.below)
    } else {
      load(row - 1, slots.below)
      load(row, slots.here)
    }
    load(row + 1, slots.above)
    self.row = row
  }

  private func load(_ row: Int, _ slot: Int) {
    guard row >= 0, row < input.height else { return }
    let (x, y) = (xs(slot), ys(slot))
    let columns = source.columnsAround(row)
    guard let first = columns.first, let last = columns.last else { return }
    input.map.positions(row: row, from: first, count: columns.count, x: x + first, y: y + first)
    guard input.width > 1 else {
      (x[-1], x[1], y[-1], y[1]) = (x[0] - 1, x[0] + 1, y[0], y[0])
      return
    }
    for places in [x, y] {
      if first == 0 { places[-1] = 2 * places[0] - places[1] }
      if last == input.width - 1 { places[last + 1] = 2 * places[last] - places[last - 1] }
    }
  }

  @inline(__always)
  private func lanes(_ places: UnsafeMutablePointer<Double>, _ i: Int) -> SIMD4<Double> {
    UnsafeRawPointer(places + i).loadUnaligned(as: SIMD4<Double>.self)
  }

  /// The drops of four pixels from `x` on; nil when none of them can reach the band. The weight of drops without a place
  /// becomes 0.
  @inline(__always)
  func drops(_ x: Int, half: Double, weight: inout SIMD4<Double>, _ band: MosaicBand) -> Drops? {
    var (cx, cy) = (lanes(xs(slots.here), x), lanes(ys(slots.here), x) - Double(band.firstRow))
    var (ax, ay) = (lanes(xs(slots.here), x + 1), lanes(ys(slots.here), x + 1))
    ax = (ax - lanes(xs(slots.here), x - 1)) * (half / 2)
    ay = (ay - lanes(ys(slots.here), x - 1)) * (half / 2)
    let (below, above) = (
      row > 0 ? slots.below : slots.here, row + 1 < input.height ? slots.above : slots.here
    )
    let step = row > 0 && row + 1 < input.height ? half / 2 : half
    var bx = (lanes(xs(above), x) - lanes(xs(below), x)) * step
    var by = (lanes(ys(above), x) - lanes(ys(below), x)) * step
    if below == above { (bx, by) = (-ay, ax) }
    let ex = magnitude(ax) + magnitude(bx)
    let ey = magnitude(ay) + magnitude(by)
    // NaN compares false.
    let reaches =
      (cy + ey .> -0.5) .& (cy - ey .< Double(band.height) - 0.5) .& (cx + ex .> -0.5)
      .& (cx - ex .< Double(band.width) - 0.5) .& (weight .> 0)
      .& (ex .< Self.largest) .& (ey .< Self.largest)
    guard anyOf(reaches) else { return nil }
    weight = SIMD4.zero.replacing(with: weight, where: reaches)
    cx = SIMD4.zero.replacing(with: cx, where: reaches)
    cy = SIMD4.zero.replacing(with: cy, where: reaches)
    let (sx, sy) = (
      SIMD4.zero.replacing(with: ex, where: reaches), SIMD4.zero.replacing(with: ey, where: reaches)
    )
    let (column, line) = (nearestWhole(cx - sx), nearestWhole(cy - sy))
    let (spanX, spanY) = (nearestWhole(cx + sx) - column, nearestWhole(cy + sy) - line)
    let determinant = ax * by - ay * bx
    return Drops(
      x: cx - column, y: cy - line, alongX: ax, alongY: ay, upX: bx, upY: by,
      area: 4 * magnitude(determinant),
      sign: SIMD4(repeating: 1).replacing(with: -1, where: determinant .< 0), column: column, line: line,
      columns: Int(spanX.max()) + 1, lines: Int(spanY.max()) + 1)
  }
}

/// Absolute values.
@inline(__always) func magnitude(_ x: SIMD4<Double>) -> SIMD4<Double> { x.replacing(with: -x, where: x .< 0) }

/// The smaller of each and 0.
@inline(__always) func negativePart(_ x: SIMD4<Double>) -> SIMD4<Double> {
  x.replacing(with: 0, where: x .> 0)
}

/// Whether any lane is true.
@inline(__always) func anyOf(_ mask: SIMDMask<SIMD4<Int64>>) -> Bool {
  let words = unsafeBitCast(mask, to: SIMD4<UInt64>.self)
  let two = words.lowHalf | words.highHalf
  return two.x | two.y != 0
}
