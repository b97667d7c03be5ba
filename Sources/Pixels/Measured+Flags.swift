extension Measured {
  /// Raises `flags` at every pixel.
  public mutating func raise(_ flags: UInt32) {
    quality.withUnsafeMutableBuffer { pixels in
      for i in pixels.indices { pixels[i] |= flags }
    }
  }

  /// ORs a plane of flags into the image's own.
  ///
  /// - Precondition: the shapes agree.
  public mutating func raise(_ flags: Plane<UInt32>) {
    precondition(flags.width == width && flags.height == height, "flags of another shape")
    flags.withUnsafeBuffer { more in
      quality.withUnsafeMutableBuffer { pixels in
        for i in pixels.indices { pixels[i] |= more[i] }
      }
    }
  }

  /// The image divided by a number without error; the error scales with it.
  public func divided(by divisor: Float) -> Measured { divided(by: divisor, error: 0) }

  /// The image divided by a number with a one-sigma error: `var = (var_a + (a / b)^2 var_b) / b^2`.
  public func divided(by divisor: Float, error divisorError: Float) -> Measured {
    let lanes = MeasuredLanes(self)
    let inverse = 1 / divisor
    return withExtendedLifetime(self) {
      makeMeasured(width: width, height: height) { value, error, quality in
        forEachPixelBand(count: count) { band in
          for i in stride(from: band.lowerBound, to: band.upperBound, by: 16) {
            let x = lanes.value.base.lanes(i) * inverse
            let e = lanes.error.base.lanes(i)
            let t = x * divisorError
            value.base.store(x, at: i)
            error.base.store((e * e + t * t).squareRoot() * abs(inverse), at: i)
            quality.base.store(lanes.quality.base.lanes(i), at: i)
          }
        }
      }
    }
  }
}
