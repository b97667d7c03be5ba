import Glibc

/// How far the content of a small image is shifted in another one.
public struct PatchShift: Sendable, Equatable {
  /// Content of the first at (x, y) is in the second at (x + dx, y + dy), pixels.
  public var dx: Double
  public var dy: Double
  /// Normalised cross-correlation there, -1…1.
  public var correlation: Double

  /// The shift of greatest normalised cross-correlation, to a fraction of a pixel by a parabola through the
  /// logarithms of the neighbours (exact for Gaussian sources, whose correlation is a Gaussian).
  ///
  /// Directly summed, for small windows: `(2 search + 1)² x patch` products.
  /// - Parameters:
  ///   - patch: the content to look for; pixels that are not finite do not count.
  ///   - image: `search` pixels wider than the patch on each side.
  /// - Returns: nil when the shapes do not fit, the peak lies on the rim of the search, or nothing
  ///   correlates.
  public init?(of patch: Plane<Float>, in image: Plane<Float>, search: Int) {
    guard search > 0, patch.count > 0, image.width == patch.width + 2 * search,
      image.height == patch.height + 2 * search
    else {
      return nil
    }
    let side = 2 * search + 1
    var scores = [Double](repeating: -1, count: side * side)
    patch.withUnsafeBuffer { patch in
      image.withUnsafeBuffer { pixels in
        for j in 0..<side {
          for i in 0..<side {
            scores[j * side + i] = Self.score(
              patch, width: image.width - 2 * search, pixels, stride: image.width, i, j)
          }
        }
      }
    }
    guard let peak = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return nil }
    let (x, y) = (peak % side, peak / side)
    guard scores[peak] > 0, x > 0, y > 0, x < side - 1, y < side - 1 else { return nil }
    dx = Double(x - search) + Self.vertex(scores[peak - 1], scores[peak], scores[peak + 1])
    dy = Double(y - search) + Self.vertex(scores[peak - side], scores[peak], scores[peak + side])
    correlation = scores[peak]
  }

  /// Normalised correlation over the pixels that both have.
  private static func score(
    _ patch: UnsafeBufferPointer<Float>, width: Int, _ image: UnsafeBufferPointer<Float>, stride: Int,
    _ i: Int,
    _ j: Int
  ) -> Double {
    var (n, a, b, aa, bb, ab) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for y in 0..<patch.count / width {
      for x in 0..<width {
        let (p, q) = (Double(patch[y * width + x]), Double(image[(y + j) * stride + x + i]))
        guard p.isFinite, q.isFinite else { continue }
        n += 1
        a += p
        b += q
        aa += p * p
        bb += q * q
        ab += p * q
      }
    }
    let spread = (n * aa - a * a) * (n * bb - b * b)
    return n > 8 && spread > 0 ? (n * ab - a * b) / spread.squareRoot() : -1
  }

  /// Where a parabola through three values has its top, -1/2…1/2.
  private static func vertex(_ low: Double, _ middle: Double, _ high: Double) -> Double {
    let values = low > 0 && high > 0 ? (log(low), log(middle), log(high)) : (low, middle, high)
    let curvature = values.0 - 2 * values.1 + values.2
    return curvature < 0 ? min(max((values.0 - values.2) / (2 * curvature), -0.5), 0.5) : 0
  }
}
