/// The reference pixels at the sides of a detector, by (image, row, column): left columns, then right ones.
struct SideColumns: Sendable {
  /// The columns of the window.
  let columns: [Int]
  /// The columns of each side, where there are some.
  let halves: [Range<Int>]
  /// The same as places among `columns`.
  private let places: [Range<Int>]
  private let images: Int
  private let height: Int
  /// NaN where unusable.
  private var values: [Float]

  init(left: Range<Int>, right: Range<Int>, images: Int, height: Int) {
    columns = Array(left) + Array(right)
    halves = [left, right].filter { !$0.isEmpty }
    places = [0..<left.count, left.count..<columns.count].filter { !$0.isEmpty }
    self.images = images
    self.height = height
    values = [Float](repeating: .nan, count: images * height * columns.count)
  }

  /// Columns on both sides.
  var count: Int { columns.count }

  /// Puts a sample in its place.
  mutating func set(_ value: Float, image: Int, row: Int, side: Int, column: Int) {
    values[(image * height + row) * count + places[side].lowerBound + column] = value
  }

  /// The same without the levels of the channels, which are by (image, column of the window).
  func subtracting(_ levels: [Float], width: Int) -> SideColumns {
    var result = self
    for i in values.indices {
      let (image, column) = (i / (height * count), i % count)
      result.values[i] -= levels[image * width + columns[column]]
    }
    return result
  }

  /// The level of each row by (image, row): the mean of the running medians of both sides; 0 where there is nothing.
  ///
  /// The deviation of a row from its image's mean counts as far as both sides share it: times the covariance of the
  /// sides over the variance of their mean, the best linear estimate of what is common (1 without noise of their own,
  /// and with one side, of which nothing is known).
  func rowLevels(window: Int) -> [Float] {
    guard count > 0 else { return [] }
    let sides = places.map { half in medians(half, window) }
    guard sides.count == 2 else { return sides[0].map { $0.isNaN ? 0 : $0 } }
    let levels = zip(sides[0], sides[1]).map { a, b in a.isNaN ? b : b.isNaN ? a : (a + b) / 2 }
    let gain = share(sides[0], sides[1])
    return (0..<images).flatMap { image -> [Float] in
      let own = levels[image * height..<(image + 1) * height]
      let known = own.filter { !$0.isNaN }
      let mean = known.isEmpty ? 0 : Float(known.reduce(0) { $0 + Double($1) } / Double(known.count))
      return own.map { $0.isNaN ? mean : mean + gain * ($0 - mean) }
    }
  }

  /// The running medians of some columns by (image, row).
  private func medians(_ part: Range<Int>, _ window: Int) -> [Float] {
    let byImage = concurrently(images) { image in
      RunningMedian(samples(image, part, in: 0..<height), perRow: part.count).medians(of: window)
    }
    return byImage.flatMap { $0 }
  }

  /// How much of the deviations of the mean of two sides is common to both, 0 to 1.
  private func share(_ left: [Float], _ right: [Float]) -> Float {
    var (covariance, variance) = (0.0, 0.0)
    for image in 0..<images {
      let rows = (image * height..<(image + 1) * height).filter { !left[$0].isNaN && !right[$0].isNaN }
      guard rows.count > 1 else { continue }
      let n = Double(rows.count)
      let a = rows.reduce(0.0) { $0 + Double(left[$1]) } / n
      let b = rows.reduce(0.0) { $0 + Double(right[$1]) } / n
      for row in rows {
        let (x, y) = (Double(left[row]) - a, Double(right[row]) - b)
        covariance += x * y
        variance += (x + y) * (x + y) / 4
      }
    }
    return variance > 0 ? Float(min(max(covariance / variance, 0), 1)) : 1
  }

  /// The number of rows with which one half of the columns foretells the other half best.
  ///
  /// The white noise of the halves is their own, the noise of the electronics is common to both: a short window follows
  /// the noise from row to row, a long one averages what is white. The first rows of two reads tell enough.
  func bestWindow() -> Int {
    let parts =
      places.count == 2 ? places : places.flatMap { [$0.prefix($0.count / 2), $0.suffix($0.count / 2)] }
    guard parts.count == 2, !parts[0].isEmpty else { return Self.windows[4] }
    // In an order that is always the same: sums of floats depend on it.
    let some = images > 1 ? [0, images - 1] : Array(0..<images)
    let rows = 0..<min(height, 2048)
    // By image and the half that foretells, then by window.
    let errors = concurrently(some.count * 2) { i in
      let image = some[i / 2]
      let ordered = RunningMedian(samples(image, parts[i % 2], in: rows), perRow: parts[i % 2].count)
      return Self.windows.map { surprise(image, parts[1 - i % 2], foretoldBy: ordered.medians(of: $0)) }
    }
    let sums = Self.windows.indices.map { w in errors.reduce(0) { $0 + $1[w] } }
    return sums.indices.min { sums[$0] < sums[$1] }.map { Self.windows[$0] } ?? Self.windows[4]
  }

  /// The eleven rows of JWST's step stand in the middle.
  private static let windows = [1, 3, 5, 7, 11, 17, 27, 43, 69, 111]

  /// The sum of squares of some columns less what was foretold of the first rows, the mean difference of the two taken
  /// out.
  private func surprise(_ image: Int, _ part: Range<Int>, foretoldBy levels: [Float]) -> Double {
    var (n, sum, square) = (0.0, 0.0, 0.0)
    for (y, level) in levels.enumerated() where !level.isNaN {
      var (own, known) = (Float(0), Float(0))
      for column in part {
        let value = values[(image * height + y) * count + column]
        if !value.isNaN { (own, known) = (own + value, known + 1) }
      }
      guard known > 0 else { continue }
      let d = Double(own / known - level)
      (n, sum, square) = (n + 1, sum + d, square + d * d)
    }
    return n > 0 ? square - sum * sum / n : 0
  }

  /// Some columns of some rows of an image, row by row.
  private func samples(_ image: Int, _ part: Range<Int>, in rows: Range<Int>) -> [Float] {
    rows.flatMap { row in
      let start = (image * height + row) * count
      return values[start + part.lowerBound..<start + part.upperBound]
    }
  }
}
