import FITSIO
import Metadata
import Pixels

/// A reference image, cut to the window of the exposure it is for.
public struct ReferenceFrame: Sendable {
  /// Lower-case type, e.g. `dark`.
  public let type: String
  /// Bare file name, as `R_<TYPE>` gives it.
  public let name: String
  public let header: Header
  /// Values, errors (0 where the file has none) and flags, of the exposure's shape.
  public let pixels: Measured

  /// The pixels of some rows of the exposure.
  public func rows(_ rows: Range<Int>) -> Measured {
    if rows == 0..<pixels.height { return pixels }
    return pixels.cropped(
      to: PixelWindow(x0: 0, y0: rows.lowerBound, width: pixels.width, height: rows.count))
  }

  /// A reference made on the spot from frames that came with the exposure: their clipped median.
  public init(combining frames: [Frame], type: String) throws {
    self.type = type
    name = frames.map(\.member.name).joined(separator: ",")
    header = frames[0].header
    pixels = try FrameStack(frames).combine(CombineOptions()).measured
  }

  /// Reads a reference file and cuts it to `wanted`, a window of the detector; a dark is brought into `unit`.
  /// - Throws: `EngineError` `reference-window` with both windows, `unit-mismatch`, `no-image`; `FITSError`.
  package init(type: String, path: String, window wanted: PixelWindow, unit: String, say: (String) -> Void)
    throws
  {
    let source = try FrameSource(path: path)
    let metadata = FrameMetadata(primary: source.primary.cards, extensions: source.extensions)
    self.type = type
    name = fileName(of: path)
    header = source.primary
    let window = try ReferenceCut(reference: metadata, source: source, name: name).window(of: wanted)
    var pixels = try source.read(window.y0..<window.y0 + window.height)
    if window.width != source.width {
      pixels = pixels.cropped(
        to: PixelWindow(x0: window.x0, y0: 0, width: window.width, height: window.height))
    }
    if !source.hasError {
      pixels.error = Plane(width: pixels.width, height: pixels.height, repeating: 0)
      say("\(name) has no ERR: its error is taken as 0")
    }
    if type == "dark" {
      let divisor = try DarkUnit(source.unit, metadata: metadata, name: name, unit: unit, say: say).divisor
      if divisor != 1 { pixels = pixels.divided(by: divisor) }
    }
    self.pixels = pixels
  }
}

/// Finds the window of an exposure in a reference.
struct ReferenceCut {
  let reference: FrameMetadata
  let source: FrameSource
  let name: String

  /// The exposure's window in the reference's own pixels.
  /// - Throws: `EngineError` `reference-window` that shows both windows.
  func window(of wanted: PixelWindow) throws -> PixelWindow {
    let whole = try FrameOpener.window(of: reference, source: source)
    guard wanted.x0 >= whole.x0, wanted.y0 >= whole.y0,
      wanted.x0 + wanted.width <= whole.x0 + whole.width,
      wanted.y0 + wanted.height <= whole.y0 + whole.height
    else {
      throw EngineError(
        "reference-window",
        "the exposure's window \(wanted.sectionText) is not inside the reference's \(whole.sectionText)",
        subject: name, hint: "take a reference of the same detector that covers \(wanted.sectionText)")
    }
    return PixelWindow(
      x0: wanted.x0 - whole.x0, y0: wanted.y0 - whole.y0, width: wanted.width, height: wanted.height)
  }
}

/// Brings a dark into the unit of the frame it is for.
struct DarkUnit {
  let divisor: Float

  /// - Throws: `EngineError` `unit-mismatch` where a step would mix units.
  init(
    _ text: String?, metadata: FrameMetadata, name: String, unit: String, say: (String) -> Void
  ) throws {
    if text == nil, metadata.exposureSeconds == nil {
      say("\(name) has no BUNIT and no EXPTIME: taken as \(unit)")
      divisor = 1
      return
    }
    let entry = try UnitEntry(text, metadata: metadata, path: name)
    guard entry.unit == unit else {
      throw EngineError(
        "unit-mismatch", "the dark is in \(entry.unit) and the frame in \(unit)", subject: name,
        hint: "take a dark in \(unit)")
    }
    if let note = entry.note { say(note) }
    divisor = entry.divisor
  }
}
