import DataModels
import PipelineEngine
import Pixels

/// A ramp seen as a frame to be: its window, and the frame that its fit becomes.
struct RampFrame {
  let ramp: RampModel

  init(_ ramp: RampModel) { self.ramp = ramp }

  /// Where the ramp lies on its detector, 0-based.
  /// - Throws: `EngineError` `wrong-dimensions` that shows the header's window and the ramp's.
  var window: PixelWindow {
    get throws(EngineError) {
      let shape = ramp.shape
      let whole = PixelWindow(x0: 0, y0: 0, width: shape.width, height: shape.height)
      guard let subarray = ramp.metadata.subarray else { return whole }
      guard subarray.width == shape.width, subarray.height == shape.height else {
        throw EngineError(
          "wrong-dimensions",
          "the header's window is \(subarray.width) x \(subarray.height) at (\(subarray.x0), \(subarray.y0)) "
            + "and the reads are \(shape.width) x \(shape.height)",
          subject: ramp.header.string("FILENAME") ?? "ramp")
      }
      return PixelWindow(x0: subarray.x0, y0: subarray.y0, width: subarray.width, height: subarray.height)
    }
  }

  /// The level 1 frame of a fit. EXPTIME, where the ramp gave none, is the time from its first read to its last.
  func frame(_ pixels: Measured, member: Member, times: [[Double]], origin: String)
    throws(EngineError) -> Frame
  {
    var header = ramp.header
    header.set("TIMEORIG", .string(origin), comment: "where the read times come from")
    if ramp.metadata.exposureSeconds == nil, let first = times.first?.first, let last = times.first?.last {
      header.set("EXPTIME", .real(last - first), comment: "[s] first read to last read")
    }
    let shape = ramp.shape
    header.set("NINTS", .integer(Int64(shape.integrations)), comment: "ramps")
    header.set("NGROUPS", .integer(Int64(shape.reads)), comment: "reads per ramp")
    return Frame(
      member: member, header: header, scienceHeader: ramp.scienceHeader, metadata: ramp.metadata,
      unit: "adu/s", window: try window, pixels: pixels)
  }
}
