/// How much noisier than its errors say each pixel of a stack is: the map in which telegraph noise shows.
///
/// At each pixel the sample farthest from the mean is left out (one cosmic ray is no noise), and the variance (n - 1) of
/// the rest is divided by their mean squared error. About 1 for a good pixel, a little less because the farthest sample
/// is missing; NaN where fewer than four samples are usable. Sums are taken in double precision.
/// - Parameters:
///   - frameCount: frames in the stack.
///   - width: pixels in a row.
///   - height: rows.
///   - rowsPerBand: rows of each frame held at a time.
///   - excludedFlags: samples with any of these flags do not count (nor do NaN and infinite ones).
///   - read: fills all of the given room with the given rows of a frame, as in `combine`.
/// - Throws: what `read` throws.
public func stackNoise(
  frameCount: Int, width: Int, height: Int, rowsPerBand: Int = 128, excludedFlags: UInt32 = DQ.doNotUse,
  reading read: (_ frame: Int, _ rows: Range<Int>, _ into: CombineRows) throws -> Void
) throws -> Plane<Float> {
  let rowsHeld = min(max(rowsPerBand, 1), max(height, 1))
  let bandPixels = rowsHeld * width
  let floats = PixelStorage<Float>(uninitialized: 2 * frameCount * bandPixels)
  let flags = PixelStorage<UInt32>(uninitialized: frameCount * bandPixels)
  return try Plane(uninitializedWidth: width, height: height) { out in
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
      let stack = NoiseBand(
        frameCount: frameCount, pixels: bandPixels, samples: SharedPixels(base: UnsafePointer(floats.base)),
        flags: SharedPixels(base: UnsafePointer(flags.base)), excluded: excludedFlags)
      guard let base = out.baseAddress else { return }
      let target = FilledPixels(base: base + firstRow * width)
      forEachPixelBand(count: pixels, length: 1 << 14) { band in
        for i in band { target.base[i] = stack.ratio(at: i) }
      }
    }
  }
}

/// A band of rows of all frames in memory.
private struct NoiseBand: Sendable {
  let frameCount: Int
  let pixels: Int
  let samples: SharedPixels<Float>
  let flags: SharedPixels<UInt32>
  let excluded: UInt32

  @inline(__always)
  private func sample(_ frame: Int, _ i: Int) -> (value: Double, error: Double)? {
    let x = samples.base[2 * frame * pixels + i]
    let e = samples.base[(2 * frame + 1) * pixels + i]
    guard flags.base[frame * pixels + i] & excluded == 0, x.isFinite, e > 0, e.isFinite else { return nil }
    return (Double(x), Double(e))
  }

  /// Variance over mean squared error of all samples but the farthest.
  func ratio(at i: Int) -> Float {
    var n = 0
    var mean = 0.0
    for frame in 0..<frameCount {
      guard let (x, _) = sample(frame, i) else { continue }
      n += 1
      mean += (x - mean) / Double(n)
    }
    guard n >= 4 else { return .nan }
    var (squares, errors) = (0.0, 0.0)
    var farthest = (deviation: 0.0, error: 0.0)
    for frame in 0..<frameCount {
      guard let (x, e) = sample(frame, i) else { continue }
      let d = x - mean
      squares += d * d
      errors += e * e
      if abs(d) >= abs(farthest.deviation) { farthest = (d, e) }
    }
    // Taking a sample d from the mean away takes d² n / (n - 1) from the sum of squares about the mean.
    let left = Double(n - 1)
    let rest = max(squares - farthest.deviation * farthest.deviation * Double(n) / left, 0)
    return Float(rest / (left - 1) / ((errors - farthest.error * farthest.error) / left))
  }
}
