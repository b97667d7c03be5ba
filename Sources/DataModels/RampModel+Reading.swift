import FITSIO
import FITSStructure
import Metadata
import Pixels

extension RampModel {
  /// Reads a ramp: `SCI` (ours) or `DATA` (newer files of the reference pipeline, either axis order; see
  /// `RampAxes`).
  ///
  /// `GROUPDQ` and `PIXELDQ` are read where they exist; a four-dimensional `DQ` of newer files gives both.
  /// Times come from `TIMES`, else `TGROUP`/`TFRAME`, else `readSpacing`; with none of them `times` is nil
  /// and `requiredTimes` says what is missing.
  ///
  /// - Parameter readSpacing: seconds between reads, for files that do not say.
  /// - Throws: `no-image`, `ramp-axes`, `ambiguous-axes`, `bad-read-times`, or the error of the FITS layer.
  public init(reading path: String, readSpacing: Double? = nil) throws(ModelError) {
    self = try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      let model = try Self.read(file, path: path, readSpacing: readSpacing)
      try file.close()
      return model
    }
  }

  private static func read(
    _ file: borrowing FITSFile, path: String, readSpacing: Double?
  ) throws -> RampModel {
    guard let index = try PlaneReader(path: path).scienceHDU(file) else {
      throw ModelError(
        code: "no-image", message: "the file has no image in SCI, DATA or its primary HDU", subject: path)
    }
    let header = Header(withoutStructure: try file.imageCards(of: 0))
    let cards = try file.imageCards(of: index)
    let name = cards.first { $0.keyword == "EXTNAME" }?.string?.uppercased() ?? "SCI"
    var scienceHeader = index == 0 ? Header() : Header(withoutStructure: cards)
    scienceHeader.remove("BUNIT")
    let metadata = FrameMetadata(primary: header.cards, extensions: [scienceHeader.asImageExtension])
    let reader = RampReader(path: path)
    let image = try file.image(of: index)
    let axes = try reader.fourAxes(image.axes, hdu: name)
    let table = try ReadTimes.table(file, path: path)
    let layout = try RampAxes.tell(
      axes, hduName: name, times: table.map { ($0.count, $0.first?.count ?? 0) }, metadata: metadata,
      path: path)
    let shape = layout.shape(axes)
    let found = try times(table, metadata, shape, readSpacing, path)
    var model = RampModel(
      header: header, samples: try reader.samples(file, index, layout, shape), unit: image.unit ?? "adu",
      times: found?.times, timesOrigin: found?.origin ?? "none", scienceHeader: scienceHeader)
    try model.readFlags(file, reader, layout)
    return model
  }

  private static func times(
    _ table: [[Double]]?, _ metadata: FrameMetadata, _ shape: RampShape, _ readSpacing: Double?,
    _ path: String
  ) throws(ModelError) -> (times: [[Double]], origin: String)? {
    if let table {
      let all = table.count == 1 ? Array(repeating: table[0], count: shape.integrations) : table
      try ReadTimes.check(all, shape: shape, subject: "\(path)[TIMES]")
      return (all, "TIMES")
    }
    if let found = ReadTimes.fromHeader(metadata, shape: shape) { return found }
    guard let readSpacing, readSpacing > 0 else { return nil }
    return (ReadTimes.equallySpaced(readSpacing, shape: shape), "read_spacing")
  }

  private mutating func readFlags(
    _ file: borrowing FITSFile, _ reader: RampReader, _ layout: RampAxes
  ) throws {
    let shape = shape
    let planes = PlaneReader(path: reader.path)
    pixelQuality = try planes.flags(file, "PIXELDQ", like: (shape.width, shape.height))
    if let index = try file.index(ofExtension: "GROUPDQ", version: nil) {
      let axes = try reader.fourAxes(try file.image(of: index).axes, hdu: "GROUPDQ")
      guard RampAxes.imageFirst.shape(axes) == shape else {
        throw ModelError(
          code: "shape-mismatch", message: "GROUPDQ is \(RampAxes.imageFirst.shape(axes)), the ramp \(shape)",
          subject: reader.path)
      }
      let flags: Ramp<UInt8> = try reader.ramp(file, index, .imageFirst, shape)
      groupQuality = flags
    } else if let index = try file.index(ofExtension: "DQ", version: nil) {
      try readJointFlags(file, reader, index, layout)
    }
  }

  /// A `DQ` of newer files: flags per read, whose high bits belong to the pixel; or flags of the pixel alone.
  private mutating func readJointFlags(
    _ file: borrowing FITSFile, _ reader: RampReader, _ index: Int, _ layout: RampAxes
  ) throws {
    let axes = try file.image(of: index).axes
    if axes.count == 2 {
      pixelQuality = try PlaneReader(path: reader.path).flags(file, index, like: (shape.width, shape.height))
      return
    }
    let stored = try reader.fourAxes(axes, hdu: "DQ")
    guard layout.shape(stored) == shape else {
      throw ModelError(
        code: "shape-mismatch", message: "DQ is \(layout.shape(stored)), the ramp \(shape)",
        subject: reader.path)
    }
    let flags: Ramp<UInt32> = try reader.ramp(file, index, layout, shape)
    let count = flags.planeCount
    var pixel = Plane<UInt32>(width: shape.width, height: shape.height, repeating: DQ.none)
    var group = Ramp<UInt8>(
      integrations: shape.integrations, reads: shape.reads, height: shape.height, width: shape.width,
      repeating: 0)
    flags.withUnsafeBuffer { flags in
      group.withUnsafeMutableBuffer { group in
        pixel.withUnsafeMutableBuffer { pixel in
          for i in flags.indices {
            group[i] = UInt8(truncatingIfNeeded: flags[i])
            pixel[i % count] |= flags[i] & ~0xff
          }
        }
      }
    }
    groupQuality = group
    pixelQuality = pixel
  }
}
