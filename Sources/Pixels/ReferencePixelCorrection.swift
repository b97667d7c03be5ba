/// What is to be taken from each column and each row of each read, as the reference pixels have it.
public struct ReferencePixelCorrection: Sendable, Equatable {
  /// By (integration, read, column).
  let columns: [Float]
  /// By (integration, read, row of the window); empty where the sides were not measured.
  let rows: [Float]
  let width: Int
  let height: Int
  /// Reads in which some channel has no usable reference pixel, though another has: they keep that channel's level.
  public let unmeasured: Int
  /// Rows of the running median of the side columns; nil where they were not used.
  public let sideWindow: Int?

  /// Whether it changes nothing.
  public var isZero: Bool { columns.allSatisfy { $0 == 0 } && rows.allSatisfy { $0 == 0 } }
}

/// Takes the levels of channels, column parities and rows from a band, which holds `rows` of the window, from
/// `firstColumn` on.
///
/// - Precondition: the correction was measured on the same exposure.
public func subtractReferencePixels(
  _ band: inout RampBand, rows: Range<Int>, firstColumn: Int = 0, correction: ReferencePixelCorrection
) {
  let images = band.integrations * band.reads
  let (width, height, plane) = (band.width, band.height, band.samples.planeCount)
  precondition(
    firstColumn + width <= correction.width && correction.columns.count == images * correction.width
      && rows.count == height
      && rows.upperBound <= correction.height, "a correction of another exposure")
  band.samples.withUnsafeMutableBuffer { samples in
    guard let base = samples.baseAddress else { return }
    let pixels = FilledPixels(base: base)
    forEachRowBand(height: height, width: width * images) { part in
      correction.columns.withUnsafeBufferPointer { columns in
        guard let columns = columns.baseAddress else { return }
        for image in 0..<images {
          for y in part {
            let level =
              correction.rows.isEmpty ? 0 : correction.rows[image * correction.height + rows.lowerBound + y]
            subtract(
              columns + (image * correction.width + firstColumn), level,
              from: pixels.base + (image * plane + y * width), count: width)
          }
        }
      }
    }
  }
}

/// Takes a row of levels and one number from a row of samples.
@inline(__always)
private func subtract(
  _ levels: UnsafePointer<Float>, _ level: Float, from samples: UnsafeMutablePointer<Float>, count: Int
) {
  var x = 0
  while x + 16 <= count {
    samples.store(samples.lanes(x) - (levels.lanes(x) + level), at: x)
    x += 16
  }
  while x < count {
    samples[x] -= levels[x] + level
    x += 1
  }
}
