/// How images are brought onto the grid of a mosaic.
public struct ResampleOptions: Sendable, Equatable {
  /// What becomes of a pixel's flux.
  public enum Kernel: String, Sendable, CaseIterable {
    /// The pixel, shrunk by `pixfrac`, is dropped as a quadrilateral; each output pixel takes the area it shares
    /// (Fruchter & Hook 2002).
    case square
    /// As `square`, with drops whose sides lie along the output's axes: exact only without rotation and shear.
    case turbo
    /// All of the pixel goes to the output pixel under its centre (interlacing).
    case point
    /// Each output pixel interpolates 6 x 6 input pixels by Lanczos's function of order 3.
    case lanczos3
    /// Pixels are copied, moved by whole pixels (shift and add).
    case shift

    /// Whether output pixels ask for their place in the input (`lanczos3`), and not input pixels for theirs in the
    /// output.
    public var gathers: Bool { self == .lanczos3 }
  }

  /// How the frames under a pixel become one value.
  public enum Method: Sendable, Equatable {
    /// The weighted mean of all drops.
    case mean
    /// Every frame is resampled on its own and the stack combined, with its clipping; weights are the
    /// frames' own, whatever the options say, and count for `wmean` and `wmedian` only.
    case stack(CombineOptions)
  }

  /// What becomes of a pixel's flux.
  public var kernel: Kernel
  /// Side of the drop over the side of the input pixel, 0.01…1; only for `square` and `turbo`.
  public var pixfrac: Double
  /// Side of a `turbo` drop before `pixfrac`, output pixels; nil: the square root of the map's Jacobian in the middle.
  public var turboSide: Double?
  /// How the frames become one.
  public var method: Method
  /// Input pixels with any of these flags have weight 0 (so have those that are not finite).
  public var excludedFlags: UInt32
  /// Memory for the sums of one band of output rows, bytes; there is one band per thread.
  public var bandBytes: Int

  /// Options with the defaults of the house.
  public init(
    kernel: Kernel = .square, pixfrac: Double = 0.8, turboSide: Double? = nil, method: Method = .mean,
    excludedFlags: UInt32 = DQ.doNotUse, bandBytes: Int = 64 << 20
  ) {
    self.kernel = kernel
    self.pixfrac = pixfrac
    self.turboSide = turboSide
    self.method = method
    self.excludedFlags = excludedFlags
    self.bandBytes = bandBytes
  }

  /// Checks the options against the inputs.
  ///
  /// - Throws: `no-frames`, `pixfrac-value`, `weights-value`, and what `CombineOptions.validate` throws.
  func validate(_ inputs: [ResampleInput]) throws(PixelsError) {
    guard !inputs.isEmpty, inputs.count < Int(UInt16.max) else {
      throw PixelsError(
        code: "no-frames", message: "\(inputs.count) frames make no mosaic", subject: "frames")
    }
    guard pixfrac >= 0.01, pixfrac <= 1 else {
      throw PixelsError(
        code: "pixfrac-value", message: "a drop of \(pixfrac) pixel is not within 0.01…1", subject: "pixfrac")
    }
    guard inputs.allSatisfy({ $0.weight >= 0 && $0.weight.isFinite }),
      inputs.contains(where: { $0.weight > 0 })
    else {
      throw PixelsError(
        code: "weights-value", message: "weights must be finite and not negative, one above 0",
        subject: "weights")
    }
    if case .stack(let options) = method { try options.validate(frameCount: inputs.count) }
  }
}
