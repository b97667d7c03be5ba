import PipelineEngine
import Pixels

/// The level of a frame, from evenly spread rows.
struct FrameLevel: Sendable, Equatable {
  /// Median of the good pixels.
  let median: Double
  /// Their median error.
  let error: Double
  /// How many they are.
  let samples: Int

  /// The standard error of the median: 1.2533 sigma / √n.
  var standardError: Double { samples > 0 ? 1.2533 * error / Double(samples).squareRoot() : .infinity }

  init(median: Double, error: Double, samples: Int) {
    self.median = median
    self.error = error
    self.samples = samples
  }

  /// Looks at about `limit` pixels, in snippets of eight rows.
  init(of frame: Frame, limit: Int = 1 << 20) throws {
    var values: [Float] = []
    var errors: [Float] = []
    try frame.forEachSpreadRows(limit: limit) { rows in
      let (value, error, quality) = (rows.value.elements, rows.error.elements, rows.quality.elements)
      for i in value.indices where quality[i] & DQ.doNotUse == 0 && value[i].isFinite {
        values.append(value[i])
        errors.append(error[i])
      }
    }
    samples = values.count
    median = Double(Pixels.median(of: Plane(width: values.count, height: 1, elements: values)))
    error = Double(Pixels.median(of: Plane(width: errors.count, height: 1, elements: errors)))
  }
}

/// Frames of a set that are brighter than the rest: a light leak.
///
/// A frame leaks when its median lies more than `kappa` sigma above the median of the set. Sigma is the MAD's, but in a
/// set of a few frames that is small by chance: so it is at least the typical error of a frame's median, and at least 2 %
/// of the noise of one pixel of one frame, below which a leak does not matter.
/// - Returns: indices of the frames to leave out.
func lightLeaks(_ levels: [FrameLevel], kappa: Double) -> [Int] {
  let medians = levels.map(\.median)
  let center = SampleStatistics.median(medians)
  let mad = 1.482602218505602 * SampleStatistics.medianAbsoluteDeviation(medians, center: center)
  let expected = SampleStatistics.median(levels.map(\.standardError))
  let harmless = 0.02 * SampleStatistics.median(levels.map(\.error))
  let sigma = [mad, expected, harmless].filter(\.isFinite).max() ?? 0
  return levels.indices.filter { sigma > 0 && medians[$0] - center > kappa * sigma }
}
