import FITSIO
import FITSStructure
import Metadata
import Pixels

extension RampSource {
  /// Opens a ramp in one file: `SCI` (ours) or `DATA` (newer files of the reference pipeline, either axis order; see
  /// `RampAxes`).
  ///
  /// `GROUPDQ` and `PIXELDQ` are read where they exist; a four-dimensional `DQ` of newer files gives both.
  /// Times come from `TIMES`, else `TGROUP`/`TFRAME`, else `readSpacing`; with none of them `times` is nil
  /// and `requiredTimes` says what is missing.
  ///
  /// - Parameter readSpacing: seconds between reads, for files that do not say.
  /// - Throws: `no-image`, `ramp-axes`, `ambiguous-axes`, `bad-read-times`, `shape-mismatch`, or the error of the FITS
  ///   layer.
  public init(reading path: String, readSpacing: Double? = nil) throws(ModelError) {
    self = try ModelError.wrapping(path) {
      let shared = SharedFile(path: path)
      return try shared.read { try Self.open(shared, $0, readSpacing: readSpacing) }
    }
  }

  private static func open(
    _ shared: SharedFile, _ file: borrowing FITSFile, readSpacing: Double?
  ) throws -> RampSource {
    let path = shared.path
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
    let image = try file.image(of: index)
    let axes = try RampFileRows.fourAxes(image.axes, path: path, hdu: name)
    let table = try ReadTimes.table(file, path: path)
    let layout = try RampAxes.tell(
      axes, hduName: name, times: table.map { ($0.count, $0.first?.count ?? 0) }, metadata: metadata,
      path: path)
    let shape = layout.shape(axes)
    let flags = try RampFlagPlanes(file, path: path, layout: layout, shape: shape)
    return RampSource(
      header: header, scienceHeader: scienceHeader, unit: image.unit, shape: shape,
      times: try times(table, metadata, shape, readSpacing, path), fullScale: image.storedType.fullScale,
      content: RampFileRows(shared: shared, science: index, layout: layout, shape: shape, flags: flags))
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
}

extension PixelType {
  /// The end of a converter of 16 bits or fewer.
  var fullScale: Float? {
    switch self {
    case .uint8: Float(UInt8.max)
    case .uint16: Float(UInt16.max)
    default: nil
    }
  }
}

/// The flags of a ramp that lie beside it in its file.
struct RampFlagPlanes: Sendable {
  /// HDU of `GROUPDQ`.
  private(set) var group: Int?
  /// HDU of the flags of each read in a newer file's `DQ`, whose high bits belong to the pixel.
  private(set) var joint: Int?
  /// `PIXELDQ`, or the two-dimensional `DQ` of newer files.
  private(set) var pixel: Plane<UInt32>?

  init(_ file: borrowing FITSFile, path: String, layout: RampAxes, shape: RampShape) throws {
    let planes = PlaneReader(path: path)
    pixel = try planes.flags(file, "PIXELDQ", like: (shape.width, shape.height))
    if let index = try file.index(ofExtension: "GROUPDQ", version: nil) {
      group = index
      try Self.check(file, index, "GROUPDQ", path, layout: .imageFirst, shape: shape)
    } else if let index = try file.index(ofExtension: "DQ", version: nil) {
      if try file.image(of: index).axes.count == 2 {
        pixel = try planes.flags(file, index, like: (shape.width, shape.height))
      } else {
        joint = index
        try Self.check(file, index, "DQ", path, layout: layout, shape: shape)
      }
    }
  }

  private static func check(
    _ file: borrowing FITSFile, _ index: Int, _ name: String, _ path: String, layout: RampAxes,
    shape: RampShape
  ) throws {
    let own = layout.shape(
      try RampFileRows.fourAxes(try file.image(of: index).axes, path: path, hdu: name))
    guard own == shape else {
      throw ModelError(
        code: "shape-mismatch", message: "\(name) is \(own), the ramp \(shape)", subject: path)
    }
  }
}
