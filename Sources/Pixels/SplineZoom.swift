/// The bicubic spline through the nodes of a mesh, which is mirrored beyond its edges (each edge node is its own
/// neighbour), as `scipy.ndimage.zoom` of order 3 and mode `reflect`.
///
/// Coordinates are in nodes: node i is at i, and the mesh covers -0.5 to n - 0.5. Values are kept within the range
/// of the mesh, where a cubic would overshoot.
struct SplineZoom: Sendable {
  private let columns: Int
  private let rows: Int
  private let coefficients: [Double]
  private let range: ClosedRange<Double>

  init(mesh: [Float], columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    var c = mesh.map(Double.init)
    range = (c.min() ?? 0)...(c.max() ?? 0)
    for y in 0..<rows { Self.solve(&c, start: y * columns, stride: 1, count: columns) }
    for x in 0..<columns { Self.solve(&c, start: x, stride: columns, count: rows) }
    coefficients = c
  }

  /// Turns values into coefficients of B-splines, in place: `(c[i-1] + 4 c[i] + c[i+1]) / 6 = v[i]` with
  /// `c[-1] = c[0]` and `c[n] = c[n-1]`, by the two recursions of the pole `sqrt(3) - 2` (Unser 1999).
  ///
  /// In scipy's sum for the first value the farthest term takes the sum so far in the place of the first sample. That is
  /// felt on meshes of a few nodes only (1e-5 of the level at 4), and kept: the results are to be its own.
  private static func solve(_ c: inout [Double], start: Int, stride: Int, count n: Int) {
    guard n > 1 else { return }
    func index(_ i: Int) -> Int { start + i * stride }
    for i in 0..<n { c[index(i)] *= 6 }
    let pole = Double(3).squareRoot() - 2
    var power = pole
    let last = (0..<n).reduce(1) { product, _ in product * pole }
    var sum = c[start] + last * c[index(n - 1)]
    for i in 1..<n {
      let mirrored = i == n - 1 ? sum : c[index(n - 1 - i)]
      sum += power * (c[index(i)] + last * mirrored)
      power *= pole
    }
    c[start] += sum * pole / (1 - last * last)
    for i in 1..<n { c[index(i)] += pole * c[index(i - 1)] }
    c[index(n - 1)] *= pole / (pole - 1)
    for i in (0..<n - 1).reversed() { c[index(i)] = pole * (c[index(i + 1)] - c[index(i)]) }
  }

  /// The four nodes and weights of a coordinate.
  private struct Taps {
    let first: Int
    let weights: SIMD4<Double>

    init(_ x: Double) {
      let floor = x.rounded(.down)
      let t = x - floor
      let s = 1 - t
      first = Int(floor) - 1
      weights =
        SIMD4(
          s * s * s, 4 - 6 * t * t + 3 * t * t * t, 4 - 6 * s * s + 3 * s * s * s, t * t * t) / 6
    }
  }

  private static func mirrored(_ i: Int, _ n: Int) -> Int {
    var k = i
    while k < 0 || k >= n { k = k < 0 ? -k - 1 : 2 * n - 1 - k }
    return k
  }

  /// The spline at the pixels of an image, whose columns and rows lie at rising coordinates `x` and `y`.
  func image(
    width: Int, height: Int, x: (Int) -> Double, y: @Sendable (Int) -> Double
  ) -> Plane<Float> {
    if range.lowerBound == range.upperBound {
      return Plane(width: width, height: height, repeating: Float(range.lowerBound))
    }
    let taps = (0..<width).map { Taps(x($0)) }
    let spans = Self.spans(of: taps)
    let (low, high) = (range.lowerBound, range.upperBound)
    return Plane<Float>(uninitializedWidth: width, height: height) { buffer in
      guard let base = buffer.baseAddress else { return }
      let target = FilledPixels(base: base)
      forEachRowBand(height: height, width: width) { band in
        var line = [Double](repeating: 0, count: columns)
        for row in band {
          blend(Taps(y(row)), into: &line)
          let out = target.base + row * width
          for span in spans {
            let c = SIMD4<Double>(
              (0..<4).map { line[Self.mirrored(taps[span.lowerBound].first + $0, columns)] })
            for i in span {
              let sum = (c * taps[i].weights).sum()
              out[i] = Float(min(max(sum, low), high))
            }
          }
        }
      }
    }
  }

  /// Runs of pixels that lie between the same nodes.
  private static func spans(of taps: [Taps]) -> [Range<Int>] {
    var spans: [Range<Int>] = []
    var start = 0
    for i in 1..<max(taps.count, 1) where taps[i].first != taps[i - 1].first {
      spans.append(start..<i)
      start = i
    }
    if start < taps.count { spans.append(start..<taps.count) }
    return spans
  }

  /// The coefficients along x at a row.
  private func blend(_ taps: Taps, into line: inout [Double]) {
    for x in 0..<columns {
      var sum = 0.0
      for k in 0..<4 {
        sum += taps.weights[k] * coefficients[Self.mirrored(taps.first + k, rows) * columns + x]
      }
      line[x] = sum
    }
  }
}
