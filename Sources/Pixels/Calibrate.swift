/// What `calibrate` takes away from a science frame and divides it by; each part may be absent.
public struct CalibrationFrames: Sendable {
  /// The master dark, in the unit of the science frame.
  public var dark: Measured?
  /// The sky or background frame.
  public var sky: Measured?
  /// The factor k of the sky.
  public var skyScale: Float
  /// Whether the sky still holds the dark (a raw sky): then the same master is taken from it too.
  public var skyHoldsDark: Bool
  /// The normalised flat field.
  public var flat: Measured?
  /// One-sigma error of a master that was already removed from both science and sky, where there is one.
  public var sharedError: Plane<Float>?

  /// The frames of a calibration, none of them by default.
  public init(
    dark: Measured? = nil, sky: Measured? = nil, skyScale: Float = 1, skyHoldsDark: Bool = true,
    flat: Measured? = nil, sharedError: Plane<Float>? = nil
  ) {
    self.dark = dark
    self.sky = sky
    self.skyScale = skyScale
    self.skyHoldsDark = skyHoldsDark
    self.flat = flat
    self.sharedError = sharedError
  }

  /// Checks that every frame has the shape of `science`.
  ///
  /// - Throws: `shape-mismatch`, naming the frame and both sizes.
  public func validate(for science: Measured) throws(PixelsError) {
    let frames: [(String, Measured?)] = [("dark", dark), ("sky", sky), ("flat", flat)]
    for case (let name, let frame?) in frames where !frame.hasShape(of: science) {
      throw PixelsError(
        code: "shape-mismatch",
        message:
          "is \(frame.width) x \(frame.height), the science frame \(science.width) x \(science.height)",
        subject: name, hint: "cut the reference to the exposure's subarray")
    }
  }
}

/// Calibrates an imager frame in one pass: `((science - dark) - k (sky - dark)) / flat`.
///
/// The science frame and the sky share one master dark, so its error enters once, as `(1 - k)^2` (with
/// `skyHoldsDark` false, as 1): `var = [var_s + k^2 var_sky + (1 - k)^2 var_d] / f^2 + (out / f)^2 var_f`;
/// `sharedError` e takes its covariance away, `- 2 k e^2`.
/// - NaN in the dark: 0 is subtracted and `UNRELIABLE_DARK` raised.
/// - Flat that is NaN, infinite, 0, negative or flagged `NO_FLAT_FIELD`: the pixel is divided by 1 and gets
///   `NO_FLAT_FIELD | DO_NOT_USE`.
/// - NaN in science or sky: value and error NaN and `DO_NOT_USE`.
/// - A NaN error stays NaN and raises `UNRELIABLE_ERROR`. Flags of all frames are OR-ed.
/// - Precondition: all frames have one shape (`CalibrationFrames.validate`).
public func calibrate(_ science: Measured, with frames: CalibrationFrames) -> Measured {
  let shapes = [frames.dark, frames.sky, frames.flat].compactMap { $0 }
  precondition(shapes.allSatisfy { $0.hasShape(of: science) }, "calibration frames of another shape")
  let lanes = CalibrationLanes(science, frames)
  return makeMeasured(width: science.width, height: science.height) { value, error, quality in
    withExtendedLifetime((science, frames)) {
      forEachPixelBand(count: science.count) { band in
        for i in stride(from: band.lowerBound, to: band.upperBound, by: 16) {
          lanes.calibrate(i, value.base, error.base, quality.base)
        }
      }
    }
  }
}

/// `a - k b`, with `var_a + k^2 var_b` and the flags of both; NaN as in `calibrate`.
///
/// - Precondition: the shapes agree.
public func subtract(_ a: Measured, _ b: Measured, scale k: Float = 1) -> Measured {
  calibrate(a, with: CalibrationFrames(sky: b, skyScale: k))
}

/// The dark taken from a frame, in rates of equal exposure and readout (NaN in the dark as in `calibrate`).
///
/// - Precondition: the shapes agree.
public func subtractDark(_ science: Measured, _ dark: Measured) -> Measured {
  calibrate(science, with: CalibrationFrames(dark: dark))
}

/// A frame divided by a normalised flat, with the flat's own error (bad flat pixels as in `calibrate`).
///
/// - Precondition: the shapes agree.
public func divideFlat(_ science: Measured, _ flat: Measured) -> Measured {
  calibrate(science, with: CalibrationFrames(flat: flat))
}
