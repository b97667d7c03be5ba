import Pixels
import Testing

/// Running medians by ranks against the sorted window of every row: ties, zeros of both signs, rows without a value, even
/// and odd numbers, windows of one row and longer than all rows.
@Suite struct RunningMedianTests {
  @Test(arguments: [1, 4, 7], [1, 3, 11, 401])
  func agreesWithSortedWindows(perRow: Int, length: Int) {
    var draw = Noise(seed: UInt64(perRow * 1000 + length))
    let rows = 150
    let samples = (0..<rows * perRow).map { i -> Float in
      // A stretch of rows without any value, longer than the middle windows.
      if (60..<75).contains(i / perRow) || draw.uniform() < 0.15 { return .nan }
      let choice = draw.uniform()
      if choice < 0.1 { return choice < 0.05 ? 0 : -0.0 }
      return choice < 0.4 ? Float(Int(draw.uniform() * 5) - 2) : Float(1000 * draw.gaussian())
    }
    let found = RunningMedian(samples, perRow: perRow).medians(of: length)
    #expect(found.count == rows)
    for (row, median) in found.enumerated() {
      let window = max(row - length / 2, 0)..<min(row + length / 2 + 1, rows)
      let values = samples[window.lowerBound * perRow..<window.upperBound * perRow]
        .filter { !$0.isNaN }.sorted()
      let n = values.count
      let expected = n == 0 ? Float.nan : (values[(n - 1) / 2] + values[n / 2]) / 2
      #expect(median == expected || (median.isNaN && expected.isNaN), "row \(row): \(median), \(expected)")
    }
  }

  @Test func nothingHasNoMedians() {
    #expect(RunningMedian([], perRow: 4).medians(of: 3).isEmpty)
  }
}
