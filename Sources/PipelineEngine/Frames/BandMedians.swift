import Pixels

/// The median of what some bands of rows all over an image say: enough of a smooth image to tell its typical
/// number.
/// - Parameters:
///   - bands: how many there are, at equal distances.
///   - rows: rows of each; an image of fewer is one band.
///   - height: rows of the image.
///   - number: what a band says; one that says nothing, or no finite number, does not count.
/// - Returns: nil where no band says anything.
public func medianOfBands(
  _ bands: Int, rows: Int, height: Int, _ number: (_ rows: Range<Int>) throws -> Double?
) rethrows -> Double? {
  let numbers = try (0..<bands).compactMap { band -> Double? in
    let middle = (2 * band + 1) * height / (2 * bands)
    let start = min(max(middle - rows / 2, 0), max(height - rows, 0))
    return try number(start..<min(start + rows, height)).flatMap { $0.isFinite ? $0 : nil }
  }
  return numbers.isEmpty ? nil : SampleStatistics.median(numbers)
}
