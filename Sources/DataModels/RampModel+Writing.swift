import FITSIO
import FITSStructure
import Pixels

extension RampModel {
  /// Writes the ramp atomically: primary header, `SCI` (integration, read, y, x), `TIMES` when they are
  /// known, then `GROUPDQ` and `PIXELDQ` when the model has them.
  ///
  /// - Parameters:
  ///   - replacing: whether a file of that name may be replaced; else its existence is an error.
  ///   - onBytes: sees the file's bytes in order (for its sha256).
  /// - Throws: `bad-read-times` when the times do not fit the reads, or the error of the FITS layer.
  @discardableResult
  public func write(
    to path: String, provenance: ProvenanceTable? = nil, replacing: Bool = false,
    observing onBytes: ((UnsafeRawBufferPointer) -> Void)? = nil
  ) throws(ModelError) -> WrittenFile {
    try ModelError.wrapping(path) {
      if let times { try ReadTimes.check(times, shape: shape, subject: path) }
      var writer = try FITSWriter(path: path, observing: onBytes)
      var primary = header
      primary.set("FILENAME", .string(ImageModel.baseName(path)), comment: "Name of the file")
      try writer.appendPrimary(primary)
      switch samples {
      case .uint16(let ramp): try append(ramp, "SCI", unit, scienceHeader, to: &writer)
      case .int32(let ramp): try append(ramp, "SCI", unit, scienceHeader, to: &writer)
      case .float32(let ramp): try append(ramp, "SCI", unit, scienceHeader, to: &writer)
      }
      try appendTimes(to: &writer)
      if let groupQuality { try append(groupQuality, "GROUPDQ", "", Header(), to: &writer) }
      if let pixelQuality { try ImageModel.append(pixelQuality, "PIXELDQ", "", to: &writer) }
      if let provenance { try provenance.append(to: &writer) }
      return try writer.commit(replacing: replacing)
    }
  }

  private func append<T: FITSPixel & PixelScalar>(
    _ ramp: Ramp<T>, _ name: String, _ unit: String, _ cards: Header, to writer: inout FITSWriter
  ) throws {
    var header = cards
    header.set("BUNIT", .string(unit), comment: unit.isEmpty ? "No unit" : "Unit of the samples")
    let axes = [ramp.width, ramp.height, ramp.reads, ramp.integrations]
    try ramp.withUnsafeBuffer { try writer.appendImage(header, name: name, axes: axes, pixels: $0) }
  }

  private func appendTimes(to writer: inout FITSWriter) throws {
    guard let times else { return }
    let header = Header([Card("BUNIT", "s", comment: "Seconds since the reset, (ramp, read)")])
    let axes = [shape.reads, shape.integrations]
    try times.flatMap { $0 }.withUnsafeBufferPointer {
      try writer.appendImage(header, name: "TIMES", axes: axes, pixels: $0)
    }
  }
}
