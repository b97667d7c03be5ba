import FITSIO
import FITSStructure
import Metadata
import Pixels

/// The ramps of one exposure where they lie: headers, shape and times known, reads read by rows.
///
/// Samples are (integration, read, y, x) whatever layout the file has. Times are seconds since the reset of each
/// integration.
public struct RampSource: Sendable {
  /// The primary header without structural keywords.
  public let header: Header
  /// Keywords of the science image without structural ones and without `BUNIT`.
  public let scienceHeader: Header
  /// The value of `BUNIT`; `adu` when the file had none.
  public let unit: String
  /// Integrations (ramps), reads of each, and the detector window's height and width.
  public let shape: RampShape
  /// Seconds of (integration, read) since the reset; nil when the file does not say: see `requiredTimes`.
  public let times: [[Double]]?
  /// Where `times` come from: `TIMES`, `READTIME-RST_TIME`, `TGROUP`, `TFRAME`, `read_spacing` or `none`.
  public let timesOrigin: String
  /// Reads that were declared but are missing or incomplete, one sentence each; empty when all are there.
  public let missingReads: [String]
  /// Keywords in which the headers of single readouts differ and of which the first read's value was taken.
  public let headerNotes: [String]
  /// The greatest number that the samples' type can hold where that is 16 bits or less: there the converter's own end
  /// lies; nil for wider types.
  public let fullScale: Float?
  /// What the headers say about the exposure.
  public let metadata: FrameMetadata
  private let content: any RampRows

  init(
    header: Header, scienceHeader: Header, unit: String?, shape: RampShape,
    times: (times: [[Double]], origin: String)?, missingReads: [String] = [], headerNotes: [String] = [],
    fullScale: Float?,
    content: any RampRows
  ) {
    self.header = header
    self.scienceHeader = scienceHeader
    self.unit = unit ?? "adu"
    self.shape = shape
    self.times = times?.times
    timesOrigin = times?.origin ?? "none"
    self.missingReads = missingReads
    self.headerNotes = headerNotes
    self.fullScale = fullScale
    metadata = FrameMetadata(primary: header.cards, extensions: [scienceHeader.asImageExtension])
    self.content = content
  }

  /// A ramp that is in memory already.
  public init(_ model: RampModel) {
    var fullScale: Float?
    if case .uint16 = model.samples { fullScale = Float(UInt16.max) }
    self.init(
      header: model.header, scienceHeader: model.scienceHeader, unit: model.unit, shape: model.shape,
      times: model.times.map { ($0, model.timesOrigin) }, fullScale: fullScale,
      content: MemoryRows(model: model))
  }

  /// The reads of some rows of the window, with the flags that the file has; may be called by several threads.
  ///
  /// - Throws: the error of the FITS layer about the file.
  public func band(_ rows: Range<Int>) throws(ModelError) -> RampBand {
    try band(in: PixelWindow(x0: 0, y0: rows.lowerBound, width: shape.width, height: rows.count))
  }

  /// The reads of a part of the window, such as a few columns; else as `band(_:)`.
  public func band(in part: PixelWindow) throws(ModelError) -> RampBand { try content.band(part) }

  /// The reads of several parts of the same rows, such as the columns at both sides; else as `band(_:)`.
  public func bands(in parts: [PixelWindow]) throws(ModelError) -> [RampBand] { try content.bands(parts) }

  /// The read times, else `readSpacing` seconds apart, with where they come from.
  ///
  /// - Throws: `missing-read-times` naming every place that was looked at; `bad-read-times` when they do not
  ///   rise.
  public func requiredTimes(
    readSpacing: Double? = nil
  ) throws(ModelError) -> (times: [[Double]], origin: String) {
    let name = header.string("FILENAME") ?? "ramp"
    if let times {
      try ReadTimes.check(times, shape: shape, subject: name)
      return (times, timesOrigin)
    }
    guard let readSpacing, readSpacing > 0 else {
      throw ModelError(
        code: "missing-read-times",
        message:
          "the times of the reads are missing: there is no TIMES extension, no READTIME and RST_TIME, no "
          + "TGROUP or TFRAME, and no read_spacing was given", subject: name,
        hint: "give the seconds between reads: --set ramp_fit.read_spacing=SECONDS")
    }
    return (ReadTimes.equallySpaced(readSpacing, shape: shape), "read_spacing")
  }
}

/// Where the pixels of a `RampSource` come from.
protocol RampRows: Sendable {
  /// The reads of a part of the window, with their flags.
  func band(_ part: PixelWindow) throws(ModelError) -> RampBand
  /// The same of several parts of the same rows.
  func bands(_ parts: [PixelWindow]) throws(ModelError) -> [RampBand]
}

extension RampRows {
  func bands(_ parts: [PixelWindow]) throws(ModelError) -> [RampBand] {
    var bands: [RampBand] = []
    for part in parts { bands.append(try band(part)) }
    return bands
  }
}

/// A ramp in memory.
struct MemoryRows: RampRows {
  let model: RampModel

  func band(_ part: PixelWindow) -> RampBand {
    let samples: Ramp<Float> =
      switch model.samples {
      case .uint16(let ramp): ramp.cropped(to: part).map { Float($0) }
      case .int32(let ramp): ramp.cropped(to: part).map { Float($0) }
      case .float32(let ramp): ramp.cropped(to: part)
      }
    return RampBand(
      samples: samples, groupQuality: model.groupQuality?.cropped(to: part),
      pixelQuality: model.pixelQuality?.cropped(to: part))
  }
}
