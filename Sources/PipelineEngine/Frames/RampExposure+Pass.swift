import DataModels
import Dispatch
import Pixels
import Synchronization

extension RampExposure {
  /// Bytes of samples and flags of a band: what stays in the caches of one core while all steps work on it.
  private static let bandBytes = 2 << 20

  /// Calls `body` with every band of rows, on all cores and in no order; the bands cover the window once.
  ///
  /// - Throws: the first error of a band; the bands that are not begun then are left out.
  public func forEachBand(_ body: @Sendable (RampBand, Range<Int>) throws -> Void) throws {
    let height = shape.height
    let rows = bandRows
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: (height + rows - 1) / rows) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      let band = index * rows..<min((index + 1) * rows, height)
      do { try body(try self.rows(band), band) } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private var bandRows: Int {
    let planes = shape.integrations * shape.reads
    let bytes = planes * shape.width * (MemoryLayout<Float>.size + MemoryLayout<UInt8>.size)
    return max(Self.bandBytes / max(bytes, 1), 1)
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
