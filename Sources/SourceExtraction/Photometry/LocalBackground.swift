import Pixels

/// The sky beside a source.
public struct LocalBackground: Sendable, Equatable {
  /// Median of the good pixels after clipping.
  public var level: Double
  /// One standard deviation of ``level``: 1.2533 sigma / sqrt(count), x the image's noise correlation.
  public var error: Double
  /// Standard deviation of one pixel: 1.4826 MAD.
  public var sigma: Double
  /// Pixels left.
  public var count: Int

  /// No sky at all: what an image without sky is measured with.
  public static let none = LocalBackground(level: 0, error: 0, sigma: 0, count: 0)
}

extension PhotometryImage {
  /// Median and MAD, clipped at 3 sigma, of the pixels whose centres lie between two circles, without masked ones and
  /// without those that light of sources may lie in.
  ///
  /// - Returns: nil when fewer than `least` are left.
  public func localBackground(
    x: Double, y: Double, inner: Double, outer: Double, least: Int = 12
  ) -> LocalBackground? {
    guard x.isFinite, y.isFinite, outer > inner, inner >= 0, abs(x) < 1e6, abs(y) < 1e6, outer < 1e6 else {
      return nil
    }
    var samples: [Float] = []
    forEachPixel(x: x, y: y, within: outer) { i, dx, dy in
      guard dx * dx + dy * dy >= inner * inner, !isOfSource(i) else { return }
      samples.append(value.withUnsafeBuffer { $0[i] })
    }
    guard samples.count >= least else { return nil }
    let plane = Plane(width: samples.count, height: 1, elements: samples)
    let statistics = clippedStatistics(of: plane)
    guard statistics.count >= least else { return nil }
    let error = 1.2533 * statistics.madSigma / Double(statistics.count).squareRoot() * noiseCorrelation
    return LocalBackground(
      level: statistics.median, error: error, sigma: statistics.madSigma, count: statistics.count)
  }

  private func isOfSource(_ i: Int) -> Bool {
    if let lit { return lit.withUnsafeBuffer { $0[i] != 0 } }
    return segmentation?.withUnsafeBuffer { $0[i] != 0 } ?? false
  }

  /// Calls `body` with index and offset of each pixel that is not masked and whose centre lies within `radius` of a
  /// place.
  func forEachPixel(
    x: Double, y: Double, within radius: Double, _ body: (_ index: Int, _ dx: Double, _ dy: Double) -> Void
  ) {
    let low = (max(0, Int((x - radius).rounded(.up))), max(0, Int((y - radius).rounded(.up))))
    let high = (
      min(width - 1, Int((x + radius).rounded(.down))), min(height - 1, Int((y + radius).rounded(.down)))
    )
    guard low.0 <= high.0, low.1 <= high.1 else { return }
    mask.withUnsafeBuffer { mask in
      for py in low.1...high.1 {
        let dy = Double(py) - y
        for px in low.0...high.0 {
          let dx = Double(px) - x
          let i = py * width + px
          if dx * dx + dy * dy <= radius * radius, mask[i] == 0 { body(i, dx, dy) }
        }
      }
    }
  }
}
