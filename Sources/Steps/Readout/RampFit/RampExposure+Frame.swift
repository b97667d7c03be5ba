import DataModels
import PipelineEngine
import Pixels

extension RampExposure {
  /// The level 1 frame of a fit. EXPTIME, where the ramp gave none, is the time from its first read to its last.
  func frame(_ pixels: Measured, member: Member, times: [[Double]], origin: String) -> Frame {
    var header = header
    header.set("TIMEORIG", .string(origin), comment: "where the read times come from")
    if metadata.exposureSeconds == nil, let first = times.first?.first, let last = times.first?.last {
      header.set("EXPTIME", .real(last - first), comment: "[s] first read to last read")
    }
    header.set("NINTS", .integer(Int64(shape.integrations)), comment: "ramps")
    header.set("NGROUPS", .integer(Int64(shape.reads)), comment: "reads per ramp")
    return Frame(
      member: member, header: header, scienceHeader: scienceHeader, metadata: metadata, unit: "adu/s",
      window: window, pixels: pixels)
  }
}
