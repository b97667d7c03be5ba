import FITSIO
import Pixels

/// The columns at both sides of the same rows of a ramp that is stored image by image.
///
/// What stands at the end of a row and at the beginning of the next lies side by side in the file: it is read at once,
/// which halves the number of calls and of places that they touch.
struct DetectorSides {
  private let left: PixelWindow
  private let right: PixelWindow
  private let shape: RampShape

  /// Nil unless the parts are the left and the right side of the window, with something between them.
  init?(_ parts: [PixelWindow], of shape: RampShape) {
    guard parts.count == 2, let left = parts.first, let right = parts.last, left.rows == right.rows,
      !left.rows.isEmpty, left.x0 == 0, right.x0 + right.width == shape.width, left.width < right.x0
    else { return nil }
    (self.left, self.right, self.shape) = (left, right, shape)
  }

  /// The samples of both sides as (integration, read, y, x).
  func read<T: FITSPixel & PixelScalar>(_ file: borrowing FITSFile, _ hdu: Int) throws(FITSError) -> [Ramp<T>]
  {
    let planes = shape.integrations * shape.reads
    let (rows, width) = (left.height, left.width + right.width)
    // By image: the left side of the first row, the seams between the rows, the right side of the last.
    var samples = [T](repeating: .zero, count: planes * rows * width)
    for plane in 0..<planes {
      let (first, start) = ((plane * shape.height + left.y0) * shape.width, plane * rows * width)
      let seams = start + left.width..<start + rows * width - right.width
      try fill(&samples, start..<seams.lowerBound, file, hdu, from: first, runsOf: left.width)
      if !seams.isEmpty { try fill(&samples, seams, file, hdu, from: first + right.x0, runsOf: width) }
      try fill(
        &samples, seams.upperBound..<start + rows * width, file, hdu,
        from: first + (rows - 1) * shape.width + right.x0, runsOf: right.width)
    }
    // A row is now whole again, without its middle.
    return [(left, 0), (right, left.width)].map { part, offset in
      Ramp(
        uninitializedIntegrations: shape.integrations, reads: shape.reads, height: rows, width: part.width
      ) { out in
        for i in out.indices { out[i] = samples[i / part.width * width + offset + i % part.width] }
      }
    }
  }

  /// Fills a range of `samples` with runs of pixels, one from each row.
  private func fill<T: FITSPixel>(
    _ samples: inout [T], _ range: Range<Int>, _ file: borrowing FITSFile, _ hdu: Int, from first: Int,
    runsOf length: Int
  ) throws(FITSError) {
    let result: Result<Void, FITSError> = samples.withUnsafeMutableBufferPointer { buffer in
      let target = UnsafeMutableBufferPointer(rebasing: buffer[range])
      do throws(FITSError) {
        try file.readPixels(of: hdu, into: target, startingAt: first, runsOf: length, every: shape.width)
        return .success(())
      } catch { return .failure(error) }
    }
    try result.get()
  }
}
