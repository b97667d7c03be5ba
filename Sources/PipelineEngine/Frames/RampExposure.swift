import DataModels
import FITSIO
import Metadata
import Pixels

/// The ramps of one exposure on their way to a rate: headers in memory, reads still in their files.
///
/// Operations are kept and done on each band of rows as it is read, so that the ramp is never in memory as a whole
/// and goes through all steps while it is in the processor's caches.
public struct RampExposure: Sendable {
  /// The files of the exposure; the first names it.
  public let members: [Member]
  /// Primary header.
  public var header: Header
  /// Header of the science image.
  public var scienceHeader: Header
  /// What the headers said when they were read.
  public let metadata: FrameMetadata
  /// Integrations (ramps), reads of each, rows and columns of the window.
  public let shape: RampShape
  /// Unit of the samples.
  public let unit: String
  /// Where the ramp lies on its detector, 0-based; the whole of it when it is no subarray.
  public let window: PixelWindow
  /// Seconds of (integration, read) since the reset; nil when the files do not say: see `requiredTimes`.
  public var times: [[Double]]? { source.times }
  /// Where the converter of the detector ends, when the files say it by their type.
  public var fullScale: Float? { source.fullScale }
  /// Whether the samples are counted from the pixel's own zero: its bias was subtracted, or the read at the reset.
  public var isZeroKnown = false
  /// Whether saturated reads are flagged already, by a step that saw them as the detector gave them.
  public var isSaturationFlagged = false

  /// The readouts while they are still landing; nil of a ramp that is there. Such a ramp has no rows: its reads are
  /// taken one at a time (`nextRead`).
  public let live: LiveReadouts?
  private let source: RampSource
  private var operations: [RampOperation] = []

  /// The exposure that `source` holds.
  /// - Throws: `EngineError` `wrong-dimensions` that shows the header's window and the ramp's.
  public init(_ source: RampSource, members: [Member], live: LiveReadouts? = nil) throws(EngineError) {
    self.source = source
    self.live = live
    self.members = members
    header = source.header
    scienceHeader = source.scienceHeader
    metadata = source.metadata
    shape = source.shape
    unit = source.unit
    window = try Self.window(of: source)
  }

  private static func window(of source: RampSource) throws(EngineError) -> PixelWindow {
    let shape = source.shape
    guard let subarray = source.metadata.subarray else {
      return PixelWindow(x0: 0, y0: 0, width: shape.width, height: shape.height)
    }
    guard subarray.width == shape.width, subarray.height == shape.height else {
      throw EngineError(
        "wrong-dimensions",
        "the header's window is \(subarray.width) x \(subarray.height) at (\(subarray.x0), \(subarray.y0)) "
          + "and the reads are \(shape.width) x \(shape.height)",
        subject: source.header.string("FILENAME") ?? "ramp")
    }
    return PixelWindow(x0: subarray.x0, y0: subarray.y0, width: subarray.width, height: subarray.height)
  }

  /// The read times, else `readSpacing` seconds apart, with where they come from.
  ///
  /// - Throws: `missing-read-times` naming every place that was looked at; `bad-read-times` when they do not rise.
  public func requiredTimes(
    readSpacing: Double? = nil
  ) throws(ModelError) -> (times: [[Double]], origin: String) {
    try source.requiredTimes(readSpacing: readSpacing)
  }

  /// Does `operation` on every band as it is read.
  public mutating func apply(_ operation: RampOperation) { operations.append(operation) }

  /// Some rows of the window with every operation so far done; may be called by several threads.
  public func rows(_ rows: Range<Int>) throws -> RampBand {
    try part(PixelWindow(x0: 0, y0: rows.lowerBound, width: shape.width, height: rows.count))
  }

  /// A part of the window, such as a few columns; else as ``rows(_:)``.
  public func part(_ part: PixelWindow) throws -> RampBand {
    let (band, wide) = try wide(part)
    guard wide != part else { return band }
    return band.cropped(
      to: PixelWindow(
        x0: part.x0 - wide.x0, y0: part.y0 - wide.y0, width: part.width, height: part.height))
  }

  /// Several parts of the same rows, which some sources read at once.
  func parts(_ parts: [PixelWindow]) throws -> [RampBand] {
    guard operations.allSatisfy({ $0.halo == 0 }) else { return try parts.map { try part($0) } }
    var bands = try source.bands(in: parts)
    for (index, part) in parts.enumerated() {
      for operation in operations { try operation.body(&bands[index], part) }
    }
    return bands
  }

  /// A part of the window with what lies beside it and was needed for it, and the part that this is.
  func wide(_ part: PixelWindow) throws -> (band: RampBand, place: PixelWindow) {
    let halo = operations.reduce(0) { $0 + $1.halo }
    let wide = part.grown(by: halo, within: extent)
    var band = try source.band(in: wide)
    for operation in operations { try operation.body(&band, wide) }
    return (band, wide)
  }

  /// The whole window as a part of itself.
  public var extent: PixelWindow { PixelWindow(x0: 0, y0: 0, width: shape.width, height: shape.height) }
}

extension RampExposure {
  /// A read that has just landed.
  public struct LandedRead: Sendable {
    /// One integration and one read, with all rows, every operation done.
    public let band: RampBand
    /// Its numbers as the header has them.
    public let ramp: Int
    public let read: Int
    /// Since the reset; nil when the header does not say.
    public let seconds: Double?
  }

  /// Takes over the header of an exposure that has landed, under what steps have written since its first read.
  public mutating func land(_ landed: Header) {
    var header = landed
    for card in self.header.cards where source.header.card(card.keyword)?.value != card.value {
      header.set(card.keyword, card.value, comment: card.comment)
    }
    self.header = header
  }

  /// The next read of an exposure whose reads are landing, waited for; nil when it is complete or nothing came in time.
  public func nextRead() throws -> LandedRead? {
    guard let next = try live?.next() else { return nil }
    var whole = next.band
    for operation in operations { try operation.body(&whole, extent) }
    return LandedRead(band: whole, ramp: next.ramp, read: next.read, seconds: next.seconds)
  }
}

/// Something to do with the reads of a ramp; called with bands of rows, or with a few columns, by several threads.
public struct RampOperation: Sendable {
  /// How far away a pixel may be that a pixel's result depends on: those at a part's edge are right only `halo` pixels
  /// inside.
  public let halo: Int
  /// Changes `band`, which holds `part` of the exposure's window.
  public let body: @Sendable (_ band: inout RampBand, _ part: PixelWindow) throws -> Void

  public init(
    halo: Int = 0, _ body: @escaping @Sendable (_ band: inout RampBand, _ part: PixelWindow) throws -> Void
  ) {
    self.halo = halo
    self.body = body
  }
}
