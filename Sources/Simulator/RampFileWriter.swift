import FITSIO
import FITSStructure
import Foundation
import Pixels

/// Writes the reads of an exposure, all in one file or each in its own, in any format.
struct RampFileWriter {
  let exposure: Exposure
  let headers: FrameHeader
  let reads: SimulatedRamp
  let times: [Double]
  let replacing: Bool

  private var format: RampFormat { exposure.format }

  // MARK: all reads

  /// Writes the ramp file; `path` ends as it is given, compressed or not.
  func writeRamp(to path: String) throws {
    try packed(path) { path in
      var writer = try FITSWriter(path: path)
      var primary = headers.ramp()
      primary.set("FILENAME", .string(FrameWriter.baseName(path)), comment: "Name of the file")
      try writer.appendPrimary(primary)
      switch format.samples {
      case .uint16: try append(coadded { UInt16($0) }, to: &writer)
      case .int16: try append(coadded { Int16(min($0, 32_767)) }, to: &writer)
      case .int32: try append(coadded { Int32($0) }, to: &writer)
      case .float32: try append(coadded(rounding: false) { Float($0) }, to: &writer)
      }
      try appendTables(to: &writer)
      _ = try writer.commit(replacing: replacing)
    }
  }

  private func append<T: FITSPixel & PixelScalar>(_ ramp: Ramp<T>, to writer: inout FITSWriter) throws {
    var cards = headers.science()
    cards.set("BUNIT", .string("adu"), comment: "Unit of the samples")
    switch format.layout {
    case .sci, .data:
      let axes = [ramp.width, ramp.height, ramp.reads, ramp.integrations]
      let name = format.layout == .sci ? "SCI" : "DATA"
      try ramp.withUnsafeBuffer { try writer.appendImage(cards, name: name, axes: axes, pixels: $0) }
    case .dataReadsFirst:
      let axes = [ramp.reads, ramp.integrations, ramp.width, ramp.height]
      try readsFirst(ramp).withUnsafeBufferPointer {
        try writer.appendImage(cards, name: "DATA", axes: axes, pixels: $0)
      }
    }
  }

  /// The samples as (y, x, integration, read).
  private func readsFirst<T: PixelScalar>(_ ramp: Ramp<T>) -> [T] {
    let (planes, count) = (ramp.integrations * ramp.reads, ramp.planeCount)
    return ramp.withUnsafeBuffer { samples in
      [T](unsafeUninitializedCapacity: samples.count) { out, written in
        for plane in 0..<planes {
          for pixel in 0..<count { out[pixel * planes + plane] = samples[plane * count + pixel] }
        }
        written = samples.count
      }
    }
  }

  private func appendTables(to writer: inout FITSWriter) throws {
    let all = Array(repeating: times, count: exposure.ramps).flatMap { $0 }
    let axes = [times.count, exposure.ramps]
    let seconds = Header([Card("BUNIT", "s", comment: "Seconds since the reset, (ramp, read)")])
    try all.withUnsafeBufferPointer {
      try writer.appendImage(seconds, name: "TIMES", axes: axes, pixels: $0)
    }
    guard !reads.truth.readQuality.isEmpty else { return }
    let quality = Header([Card("BUNIT", "", comment: "Quality of each read, 1 is best, (ramp, read)")])
    try reads.truth.readQuality.flatMap { $0.map { Float($0) } }.withUnsafeBufferPointer {
      try writer.appendImage(quality, name: "READQUAL", axes: axes, pixels: $0)
    }
  }

  // MARK: single reads

  /// Writes the readouts that come at all, in the order of their reads.
  func writeReadouts(in folder: String, late: String? = nil) throws(SimulatorError) -> [DeliveredFile] {
    switch format.samples {
    case .uint16: try writeReadouts(coadded { UInt16($0) }, in: folder, late: late)
    case .int16: try writeReadouts(coadded { Int16(min($0, 32_767)) }, in: folder, late: late)
    case .int32: try writeReadouts(coadded { Int32($0) }, in: folder, late: late)
    case .float32: try writeReadouts(coadded(rounding: false) { Float($0) }, in: folder, late: late)
    }
  }

  private func writeReadouts<T: FITSPixel & PixelScalar>(
    _ samples: Ramp<T>, in folder: String, late: String?
  ) throws(SimulatorError) -> [DeliveredFile] {
    var files: [DeliveredFile] = []
    for index in 0..<samples.integrations * samples.reads {
      let (ramp, read) = index.quotientAndRemainder(dividingBy: samples.reads)
      if exposure.fault(ramp: ramp, read: read, among: ["missing"]) != nil { continue }
      var plane = samples.plane(integration: ramp, read: read)
      let isIncomplete = exposure.fault(ramp: ramp, read: read, among: ["incomplete"]) != nil
      if isIncomplete { blankUpperHalf(&plane) }
      let quality = reads.truth.readQuality.isEmpty ? nil : reads.truth.readQuality[ramp][read]
      let header = headers.readout(ramp: ramp, read: read, isComplete: !isIncomplete, quality: quality)
      let delayed = exposure.fault(ramp: ramp, read: read, among: ["late"])
      let path = "\(delayed == nil ? folder : late ?? folder)/\(exposure.fileNames[index])"
      try FrameWriter.writing(path) {
        try packed(path) { try writeReadout(plane, header, to: $0) }
        try damage(path, exposure.fault(ramp: ramp, read: read, among: ["truncated", "corrupted"]))
      }
      files.append(delivered(path, ramp, read, delayed))
    }
    return files
  }

  private func delivered(_ path: String, _ ramp: Int, _ read: Int, _ delayed: ReadFault?) -> DeliveredFile {
    let size = headers.instrument.size
    let reset = exposure.reset(ramp: ramp, size: size)
    var ready = reset.advanced(by: times[read] + 0.1)
    if case .late(let seconds)? = delayed?.kind { ready = ready.advanced(by: seconds) }
    let fault = exposure.faults.first { $0.ramp == ramp && $0.read == read }
    return DeliveredFile(path: path, ready: ready, ramp: ramp, read: read, fault: fault?.name)
  }

  private func writeReadout<T: FITSPixel & PixelScalar>(
    _ plane: Plane<T>, _ header: Header, to path: String
  ) throws {
    var header = header
    header.set("FILENAME", .string(FrameWriter.baseName(path)))
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(header)
    let cards = Header([Card("BUNIT", "adu", comment: "Unit of the samples")])
    try plane.withUnsafeBuffer {
      try writer.appendImage(cards, name: "SCI", axes: [plane.width, plane.height], pixels: $0)
    }
    _ = try writer.commit(replacing: replacing)
  }

  private func blankUpperHalf<T: PixelScalar>(_ plane: inout Plane<T>) {
    let start = plane.height / 2 * plane.width
    plane.withUnsafeMutableBuffer { for i in start..<$0.count { $0[i] = 0 } }
  }

  // MARK: parts

  /// The mean of the coadds of each delivered ramp; of whole numbers to the nearest.
  private func coadded<T: PixelScalar>(rounding: Bool = true, _ convert: (Double) -> T) -> Ramp<T> {
    let (samples, coadds) = (reads.samples, exposure.coadds)
    let count = samples.reads * samples.planeCount
    return Ramp(
      uninitializedIntegrations: exposure.ramps, reads: samples.reads, height: samples.height,
      width: samples.width
    ) { out in
      samples.withUnsafeBuffer { source in
        for i in out.indices {
          let first = i / count * count * coadds + i % count
          var sum = 0.0
          for coadd in 0..<coadds { sum += Double(source[first + coadd * count]) }
          let mean = sum / Double(coadds)
          out[i] = convert(rounding ? mean.rounded() : mean)
        }
      }
    }
  }

  /// Writes through `body`, then compresses when the format says so.
  private func packed(_ path: String, _ body: (String) throws -> Void) throws {
    let packing: TilePacking
    switch format.packing {
    case .none: return try body(path)
    case .rice: packing = .rice
    case .gzip: packing = .gzip
    }
    let plain = "\(path).unpacked"
    try body(plain)
    defer { try? FileManager.default.removeItem(atPath: plain) }
    if replacing { try? FileManager.default.removeItem(atPath: path) }
    try FITSFile.pack(plain, image: 1, as: packing, to: path)
    let file = try FITSFile(updating: path)
    try file.setCard(Card("FILENAME", FrameWriter.baseName(path), comment: "Name of the file"), of: 0)
    try file.updateChecksums()
    try file.close()
  }

  /// Spoils a written file as the fault says.
  private func damage(_ path: String, _ fault: ReadFault?) throws {
    guard let fault else { return }
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    let bytes = try file.seekToEnd()
    switch fault.kind {
    case .truncated: try file.truncate(atOffset: bytes * 2 / 3)
    case .corrupted:
      // The last block begins with data, whatever it ends with.
      try file.seek(toOffset: bytes - min(bytes, 2880))
      try file.write(contentsOf: Data(repeating: 0x5a, count: 640))
    default: break
    }
    try file.close()
  }
}
