import DataModels
import Dispatch
import Pixels
import Synchronization

extension RampExposure {
  /// Bytes of samples and flags of a band: what stays in the caches of one core while all steps work on it.
  private static let bandBytes = 4 << 20

  /// Bands that a window is cut into at least, so that all cores have some.
  private static let leastParts = 16

  /// Calls `body` with some columns of every band of rows, on all cores and in no order; the bands cover the rows once.
  ///
  /// What else there is in the rows is not read.
  /// - Parameters:
  ///   - columns: ranges of columns of the window.
  ///   - body: is given the columns in the order of `columns`, and which rows they are of.
  /// - Throws: the first error of a band; the bands that are not begun then are left out.
  public func forEachBand(
    columns: [Range<Int>], _ body: @Sendable ([RampBand], Range<Int>) throws -> Void
  ) throws {
    guard !columns.isEmpty else { return }
    try forEachPart(width: columns.reduce(0) { $0 + $1.count }) { rows in
      let parts = columns.map {
        PixelWindow(x0: $0.lowerBound, y0: rows.lowerBound, width: $0.count, height: rows.count)
      }
      try body(try self.parts(parts), rows)
    }
  }

  /// Calls `body` with every band of whole rows, on all cores and in no order, with the rows beside them that some
  /// operation looked at: those need not be cut off.
  ///
  /// - Parameter body: is given the part of the window that the band holds, and which rows of the window are meant. What
  ///   the band says of other rows is not to be believed.
  public func forEachWideBand(
    _ body: @Sendable (RampBand, PixelWindow, Range<Int>) throws -> Void
  ) throws {
    try forEachPart(width: shape.width) { rows in
      let part = PixelWindow(x0: 0, y0: rows.lowerBound, width: shape.width, height: rows.count)
      let (band, place) = try self.wide(part)
      try body(band, place, rows)
    }
  }

  private func forEachPart(width: Int, _ body: @Sendable (Range<Int>) throws -> Void) throws {
    let height = shape.height
    let rows = bandRows(of: width)
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: (height + rows - 1) / rows) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      do { try body(index * rows..<min((index + 1) * rows, height)) } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func bandRows(of width: Int) -> Int {
    let planes = shape.integrations * shape.reads
    let bytes = planes * width * (MemoryLayout<Float>.size + MemoryLayout<UInt8>.size)
    // Few columns fit the caches with all their rows: they are shared out nevertheless.
    return max(min(Self.bandBytes / max(bytes, 1), shape.height / Self.leastParts), 1)
  }

  /// The whole ramp in memory as it is after the operations so far, to be written.
  public func model() throws -> RampModel {
    let band = try rows(0..<shape.height)
    var model = RampModel(
      header: header, samples: .float32(band.samples), unit: unit, times: times,
      scienceHeader: scienceHeader)
    model.groupQuality = band.groupQuality
    model.pixelQuality = band.pixelQuality
    return model
  }
}
