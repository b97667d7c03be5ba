import Dispatch

/// Runs `body` over bands of rows on all cores and returns when every band is done.
///
/// The bands are disjoint and cover `0..<height` exactly once, in no order. Small images run on the caller's
/// thread.
/// - Parameters:
///   - height: rows in all.
///   - width: pixels in a row, to judge how many rows make a band worth a task.
///   - body: work on one band; it may write the rows of its band and nothing else.
public func forEachRowBand(height: Int, width: Int, _ body: @Sendable (Range<Int>) -> Void) {
  let pixelsPerBand = 1 << 18
  let rows = min(max(pixelsPerBand / max(width, 1), 1), max(height, 1))
  let bands = (height + rows - 1) / rows
  guard bands > 1 else {
    if height > 0 { body(0..<height) }
    return
  }
  DispatchQueue.concurrentPerform(iterations: bands) { band in
    body(band * rows..<min((band + 1) * rows, height))
  }
}

/// Runs `body` over bands of a flat range of pixels on all cores and returns when every band is done.
func forEachPixelBand(count: Int, length: Int = 1 << 17, _ body: @Sendable (Range<Int>) -> Void) {
  let bands = (count + length - 1) / length
  guard bands > 1 else {
    if count > 0 { body(0..<count) }
    return
  }
  DispatchQueue.concurrentPerform(iterations: bands) { band in
    body(band * length..<min((band + 1) * length, count))
  }
}
