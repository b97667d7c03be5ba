import DataModels
import Dispatch
import Pixels
import Synchronization

extension RampExposure {
  /// Bytes of samples and flags of a band: what stays in the caches of one core while all steps work on it.
  private static let bandBytes = 4 << 20

  /// Bands that a window is cut into at least, so that all cores have some.
  private static let leastParts = 16

  /// Calls `body` with every band of rows, on all cores and in no order; the bands cover the window once.
  ///
  /// - Parameters:
  ///   - columns: some columns of the window, where what else there is in its rows need not be read.
  ///   - body: is given the part of the window that the band holds.
  /// - Throws: the first error of a band; the bands that are not begun then are left out.
  public func forEachBand(
    columns: Range<Int>? = nil, _ body: @Sendable (RampBand, PixelWindow) throws -> Void
  ) throws {
    try forEachPart(columns ?? 0..<shape.width) { part in try body(try self.part(part), part) }
  }

  /// The same of whole rows, with the rows beside them that some operation looked at: those need not be cut off.
  ///
  /// - Parameter body: is given the part of the window that the band holds, and which rows of the window are meant. What
  ///   the band says of other rows is not to be believed.
  public func forEachWideBand(
    _ body: @Sendable (RampBand, PixelWindow, Range<Int>) throws -> Void
  ) throws {
    try forEachPart(0..<shape.width) { part in
      let (band, place) = try self.wide(part)
      try body(band, place, part.rows)
    }
  }

  private func forEachPart(_ columns: Range<Int>, _ body: @Sendable (PixelWindow) throws -> Void) throws {
    let height = shape.height
    let rows = bandRows(of: columns.count)
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: (height + rows - 1) / rows) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      let part = PixelWindow(
        x0: columns.lowerBound, y0: index * rows, width: columns.count,
        height: min((index + 1) * rows, height) - index * rows)
      do { try body(part) } catch {
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
