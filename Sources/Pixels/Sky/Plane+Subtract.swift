extension Plane where Element == Float {
  /// Subtracts a number from every pixel.
  public mutating func subtract(_ level: Float) {
    let (width, height) = (width, height)
    withUnsafeMutableBuffer { pixels in
      // Bands are disjoint, so no two threads write the same pixel.
      nonisolated(unsafe) let pixels = pixels
      forEachRowBand(height: height, width: width) { rows in
        for i in rows.lowerBound * width..<rows.upperBound * width { pixels[i] -= level }
      }
    }
  }

  /// Subtracts another image, pixel by pixel.
  ///
  /// - Precondition: it has this one's shape.
  public mutating func subtract(_ other: Plane<Float>) { change(with: other) { $0 -= $1 } }

  /// Divides by another image, pixel by pixel; not finite where that is 0.
  ///
  /// - Precondition: it has this one's shape.
  public mutating func divide(by other: Plane<Float>) { change(with: other) { $0 /= $1 } }

  @inline(__always)
  private mutating func change(
    with other: Plane<Float>, _ operation: @Sendable (inout Float, Float) -> Void
  ) {
    precondition(other.width == width && other.height == height, "planes of different shapes")
    let (width, height) = (width, height)
    withUnsafeMutableBuffer { pixels in
      other.withUnsafeBuffer { others in
        // Bands are disjoint, so no two threads write the same pixel.
        nonisolated(unsafe) let (pixels, others) = (pixels, others)
        forEachRowBand(height: height, width: width) { rows in
          for i in rows.lowerBound * width..<rows.upperBound * width { operation(&pixels[i], others[i]) }
        }
      }
    }
  }
}
