import DataModels
import Metadata
import Pixels

/// A reference image of a ramp, cut to its window and read by rows: a whole reference of a large detector would take
/// more memory than the bands of the ramp.
public struct ReferenceRows: Sendable {
  /// Bare file name.
  public let name: String
  /// What the headers say.
  public let metadata: FrameMetadata
  private let source: FrameSource
  /// The ramp's window in the file's own pixels.
  private let window: PixelWindow

  /// - Parameter units: what the reference may be in; nil: the ramp's own unit.
  /// - Throws: `EngineError` `reference-window` with both windows, `unit-mismatch`, `no-image`; `FITSError`.
  package init(type: String, path: String, ramp: RampExposure, units: [String]? = nil) throws {
    name = fileName(of: path)
    source = try FrameSource(path: path)
    metadata = FrameMetadata(primary: source.primary.cards, extensions: source.extensions)
    let extent = try FrameOpener.window(of: metadata, source: source)
    window = try ReferenceCut(whole: extent, name: name).window(of: ramp)
    guard let unit = source.unit else { return }
    if let units {
      guard !units.contains(unit.lowercased()) else { return }
      throw EngineError(
        "unit-mismatch", "the \(type) is in \(unit), and must be in \(units[0])", subject: name)
    }
    guard PixelUnit(bunit: unit) != PixelUnit(bunit: ramp.unit) else { return }
    throw EngineError(
      "unit-mismatch", "the \(type) is in \(unit) and the ramp in \(ramp.unit)", subject: name,
      hint: "take a \(type) in \(ramp.unit)")
  }

  /// Values and flags of a part of the ramp's window; flags nil where the file has none. May be called by several
  /// threads.
  public func part(_ part: PixelWindow) throws -> (value: Plane<Float>, quality: Plane<UInt32>?) {
    let own = window.place(of: part)
    let read = try source.readImage(own.rows)
    let cut = PixelWindow(x0: own.x0, y0: 0, width: own.width, height: own.height)
    return (read.value.cropped(to: cut), read.quality?.cropped(to: cut))
  }
}

extension ReferenceCut {
  /// A ramp's window in the reference's own pixels. A ramp that is no subarray shows its whole detector, and a larger
  /// reference is of another one.
  /// - Throws: `EngineError` `reference-window` that shows both.
  func window(of ramp: RampExposure) throws(EngineError) -> PixelWindow {
    let cut = try window(of: ramp.window)
    if ramp.metadata.subarray == nil,
      cut != PixelWindow(x0: 0, y0: 0, width: whole.width, height: whole.height)
    {
      throw EngineError(
        "reference-window",
        "the reference is \(whole.width) x \(whole.height) pixels, and the ramp is of a full frame of "
          + "\(ramp.window.width) x \(ramp.window.height)", subject: name,
        hint: "take a reference of the same detector, or say SUBARRAY, SUBSTRT1/2 and SUBSIZE1/2 in the ramp")
    }
    return cut
  }
}
