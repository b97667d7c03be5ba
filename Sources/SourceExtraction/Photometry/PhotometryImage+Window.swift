import Pixels

extension PhotometryImage {
  /// A good pixel near a place.
  public struct NearPixel: Sendable {
    /// Offset of its centre from the place, pixels.
    public let dx: Double
    /// Offset of its centre from the place, pixels.
    public let dy: Double
    /// Value without sky.
    public let value: Double
    /// One standard deviation.
    public let error: Double
  }

  /// The pixels within `radius` of a place that are not masked; none of a place that is no number.
  public func window(about place: (x: Double, y: Double), radius: Double) -> [NearPixel] {
    guard place.x.isFinite, place.y.isFinite, radius.isFinite, abs(place.x) < 1e6, abs(place.y) < 1e6 else {
      return []
    }
    var pixels: [NearPixel] = []
    value.withUnsafeBuffer { values in
      error.withUnsafeBuffer { errors in
        forEachPixel(x: place.x, y: place.y, within: min(radius, 1e6)) { i, dx, dy in
          pixels.append(NearPixel(dx: dx, dy: dy, value: Double(values[i]), error: Double(errors[i])))
        }
      }
    }
    return pixels
  }
}
