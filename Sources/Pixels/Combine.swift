/// A combined stack: the image, how many samples each pixel used, and how far they scattered.
public struct Combined: Sendable, Equatable {
  /// Value, one-sigma error and flags.
  public var measured: Measured
  /// Samples used at each pixel.
  public var count: Plane<UInt16>
  /// Standard deviation (n - 1) of the samples used; NaN for fewer than two.
  public var scatter: Plane<Float>
  /// How the stack was combined.
  public var options: CombineOptions
}

/// Combines frames of one shape pixel by pixel.
///
/// Samples flagged with `excludedFlags`, NaN or infinite are not used; the rest are clipped, then averaged.
/// With n samples of errors s_i and weights w_i left: mean `sqrt(sum s^2) / n`, weighted mean
/// `sqrt(sum w^2 s^2) / sum w`, medians the same times `medianErrorFactor(samples: n)`; measured errors put
/// `sqrt(n / (n - 1)) |x_i - mean|` in the place of s_i. A pixel with no usable sample is NaN and
/// `DO_NOT_USE`, with the flags of all its samples. The result does not depend on the number of threads.
/// - Precondition: there is at least one frame, all have one shape, and the options are valid for them
///   (`CombineOptions.validate`).
public func combine(_ frames: [Measured], options: CombineOptions = CombineOptions()) -> Combined {
  precondition((try? options.validate(frameCount: frames.count)) != nil, "invalid options for the stack")
  let first = frames[0]
  precondition(frames.allSatisfy { $0.hasShape(of: first) }, "frames of different shapes")
  let kernel = CombineKernel(frameCount: frames.count, options: options)
  let lanes = frames.map(MeasuredLanes.init)
  return makeCombined(width: first.width, height: first.height, options) { target in
    withExtendedLifetime(frames) {
      forEachPixelBand(count: first.count) { band in
        let start = band.lowerBound
        let samples = lanes.map {
          CombineSamples(
            value: $0.value.base + start, error: $0.error.base + start, quality: $0.quality.base + start)
        }
        kernel.run(samples, pixels: band.count, into: target.all.advanced(by: start))
      }
    }
  }
}

/// Room for rows of one frame that a reader fills.
public struct CombineRows {
  /// Values, row by row.
  public let value: UnsafeMutableBufferPointer<Float>
  /// One-sigma errors.
  public let error: UnsafeMutableBufferPointer<Float>
  /// Flags.
  public let quality: UnsafeMutableBufferPointer<UInt32>
}

/// Combines frames that come row band by row band, so that a stack of any length fits in memory.
///
/// Never more than `rowsPerBand` rows of each frame are held, beside the result. Values as in `combine`.
/// - Parameters:
///   - frameCount: frames in the stack.
///   - width: pixels in a row.
///   - height: rows.
///   - rowsPerBand: rows of each frame held at a time.
///   - options: how to combine.
///   - read: fills all of the given room with the given rows of a frame; called on the caller's thread, bands
///     upwards and in each band frames upwards.
/// - Throws: `PixelsError` for options that do not fit, and what `read` throws.
public func combine(
  frameCount: Int, width: Int, height: Int, rowsPerBand: Int = 128, options: CombineOptions,
  reading read: (_ frame: Int, _ rows: Range<Int>, _ into: CombineRows) throws -> Void
) throws -> Combined {
  try options.validate(frameCount: frameCount)
  let kernel = CombineKernel(frameCount: frameCount, options: options)
  let rowsHeld = min(max(rowsPerBand, 1), max(height, 1))
  let bandPixels = (rowsHeld * width + 15) / 16 * 16
  let floats = PixelStorage<Float>(uninitialized: 2 * frameCount * bandPixels)
  let flags = PixelStorage<UInt32>(uninitialized: frameCount * bandPixels)
  return try makeCombined(width: width, height: height, options) { target in
    for firstRow in stride(from: 0, to: height, by: rowsHeld) {
      let rows = firstRow..<min(firstRow + rowsHeld, height)
      let pixels = rows.count * width
      for frame in 0..<frameCount {
        let room = floats.base + 2 * frame * bandPixels
        try read(
          frame, rows,
          CombineRows(
            value: UnsafeMutableBufferPointer(start: room, count: pixels),
            error: UnsafeMutableBufferPointer(start: room + bandPixels, count: pixels),
            quality: UnsafeMutableBufferPointer(start: flags.base + frame * bandPixels, count: pixels)))
      }
      forEachPixelBand(count: pixels, length: 1 << 14) { band in
        let samples = (0..<frameCount).map { frame in
          let room = floats.base + 2 * frame * bandPixels + band.lowerBound
          return CombineSamples(
            value: room, error: room + bandPixels,
            quality: flags.base + frame * bandPixels + band.lowerBound)
        }
        let offset = firstRow * width + band.lowerBound
        kernel.run(samples, pixels: band.count, into: target.all.advanced(by: offset))
      }
    }
  }
}

/// A target that bands on several threads write to.
///
/// `@unchecked Sendable`: bands are disjoint, so no two threads write the same pixel.
private struct SharedTarget: @unchecked Sendable { let all: CombineTarget }

private func makeCombined(
  width: Int, height: Int, _ options: CombineOptions, _ body: (SharedTarget) throws -> Void
) rethrows -> Combined {
  let pixels = width * height
  let count = PixelStorage<UInt16>(uninitialized: pixels)
  let scatter = PixelStorage<Float>(uninitialized: pixels)
  let measured = try makeMeasured(width: width, height: height) { value, error, quality in
    try body(
      SharedTarget(
        all: CombineTarget(
          value: value.base, error: error.base, quality: quality.base, count: count.base,
          scatter: scatter.base)))
  }
  return Combined(
    measured: measured, count: Plane(width: width, height: height, storage: count),
    scatter: Plane(width: width, height: height, storage: scatter), options: options)
}
