/// Pixels of one frame for the band kernel: `count` values, errors and flags in memory of the caller's.
public struct CombineSamples {
  /// Values; NaN and infinite ones are not used.
  public let value: UnsafePointer<Float>
  /// One-sigma errors.
  public let error: UnsafePointer<Float>
  /// Flags.
  public let quality: UnsafePointer<UInt32>

  /// Three parallel runs of pixels.
  public init(value: UnsafePointer<Float>, error: UnsafePointer<Float>, quality: UnsafePointer<UInt32>) {
    self.value = value
    self.error = error
    self.quality = quality
  }
}

/// Where the band kernel writes.
public struct CombineTarget {
  /// Combined values.
  public let value: UnsafeMutablePointer<Float>
  /// Their errors.
  public let error: UnsafeMutablePointer<Float>
  /// Their flags.
  public let quality: UnsafeMutablePointer<UInt32>
  /// Samples used.
  public let count: UnsafeMutablePointer<UInt16>
  /// Standard deviation (n - 1) of the samples used; NaN for fewer than two.
  public let scatter: UnsafeMutablePointer<Float>

  /// Five parallel runs of pixels.
  public init(
    value: UnsafeMutablePointer<Float>, error: UnsafeMutablePointer<Float>,
    quality: UnsafeMutablePointer<UInt32>, count: UnsafeMutablePointer<UInt16>,
    scatter: UnsafeMutablePointer<Float>
  ) {
    self.value = value
    self.error = error
    self.quality = quality
    self.count = count
    self.scatter = scatter
  }

  /// The target `offset` pixels further on.
  func advanced(by offset: Int) -> CombineTarget {
    CombineTarget(
      value: value + offset, error: error + offset, quality: quality + offset, count: count + offset,
      scatter: scatter + offset)
  }
}

/// Combines `pixels` pixels of a stack on the caller's thread: the pure kernel under `combine`.
///
/// Nothing outside `0..<pixels` is read or written. Formulae as in `combine`.
/// - Precondition: the options are valid for this number of frames (`CombineOptions.validate`).
public func combineBand(
  _ frames: [CombineSamples], pixels: Int, options: CombineOptions, into target: CombineTarget
) {
  precondition((try? options.validate(frameCount: frames.count)) != nil, "invalid options for the stack")
  CombineKernel(frameCount: frames.count, options: options).run(frames, pixels: pixels, into: target)
}
