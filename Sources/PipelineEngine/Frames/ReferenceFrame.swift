import DataModels
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
  /// What the headers say, e.g. the exposure time of a dark.
  public let metadata: FrameMetadata
  /// Values, errors (of a mask or gain without any: 0) and flags, of the exposure's shape.
  public let pixels: Measured
  /// The window of the detector that the whole file covers.
  let extent: PixelWindow

  /// A frame that is no subarray shows its whole detector: a reference of a larger one is of another detector, and
  /// cutting a corner out of it would be wrong.
  /// - Throws: `EngineError` `reference-window` with both sizes.
  func checkExtent(for frame: Frame) throws(EngineError) {
    let size = (frame.width, frame.height)
    guard frame.metadata.subarray == nil, metadata.subarray == nil, frame.window.x0 == 0,
      frame.window.y0 == 0,
      size != (extent.width, extent.height)
    else { return }
    throw EngineError(
      "reference-window",
      "the reference is \(extent.width) x \(extent.height) pixels, and \(frame.member.name) is a full frame of "
        + "\(frame.width) x \(frame.height)", subject: name,
      hint: "take a reference of the same detector, or say SUBARRAY, SUBSTRT1/2 and SUBSIZE1/2 in the frame")
  }

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
    metadata = frames[0].metadata
    pixels = try FrameStack(frames).combine(CombineOptions()).measured
    extent = frames[0].window
  }

  /// Reads a reference file and cuts it to `wanted`, a window of the detector; a dark is brought into `unit`, a flat
  /// must be a ratio already. A dark without ERR gets it from GAIN and READNOIS, like any frame; what cannot have it
  /// from there gets its own scatter, flagged `UNRELIABLE_ERROR`.
  /// - Throws: `EngineError` `reference-window` with both windows, `unit-mismatch`, `no-image`; `FITSError`.
  package init(type: String, path: String, window wanted: PixelWindow, unit: String, say: (String) -> Void)
    throws
  {
    let source = try FrameSource(path: path)
    let metadata = FrameMetadata(primary: source.primary.cards, extensions: source.extensions)
    self.type = type
    self.metadata = metadata
    name = fileName(of: path)
    header = source.primary
    extent = try FrameOpener.window(of: metadata, source: source)
    let window = try ReferenceCut(whole: extent, name: name).window(of: wanted)
    var pixels = try source.read(window.y0..<window.y0 + window.height)
    if window.width != source.width {
      pixels = pixels.cropped(
        to: PixelWindow(x0: window.x0, y0: 0, width: window.width, height: window.height))
    }
    var divisor: Float = 1
    if type == "dark" {
      divisor = try DarkUnit(source.unit, metadata: metadata, name: name, unit: unit, say: say).divisor
      if divisor != 1 { pixels = pixels.divided(by: divisor) }
    }
    if !source.hasError {
      let isRate = type == "dark" && unit == UnitEntry.rate
      let errors = ReferenceErrors(type: type, name: name, noise: isRate ? NoiseModel(metadata) : nil)
      try errors.fill(&pixels, scatter: { try source.scatter() / divisor }, say: say)
    }
    if type == "flat" || type == "sky" {
      try FlatUnit.check(source.unit, pixels: pixels, name: name, type: type)
    }
    self.pixels = pixels
  }
}

/// The errors of a reference that has no ERR.
struct ReferenceErrors {
  let type: String
  let name: String
  let noise: NoiseModel?

  func fill(_ pixels: inout Measured, scatter: () throws -> Float, say: (String) -> Void) throws {
    if type == "mask" || type == "gain" {
      pixels.error = Plane(width: pixels.width, height: pixels.height, repeating: 0)
    } else if let noise {
      say("\(name) has no ERR: computed from GAIN and READNOIS")
      noise.fill(&pixels)
    } else {
      say("\(name) has no ERR and no noise figures: its own scatter is used, flagged UNRELIABLE_ERROR")
      pixels.error = Plane(width: pixels.width, height: pixels.height, repeating: try scatter())
      pixels.raise(DQ.unreliableError)
    }
  }
}

/// A flat is a ratio around 1.
enum FlatUnit {
  private static let ratios: Set<String> = ["1", "none", "dimensionless", "unitless", "normalized"]

  /// - Throws: `EngineError` `unit-mismatch` for a flat (or a super sky) that was not normalised.
  static func check(
    _ text: String?, pixels: Measured, name: String, type: String = "flat"
  ) throws(EngineError) {
    if let text, PixelUnit(bunit: text) == .dimensionless || ratios.contains(text.lowercased()) { return }
    let level = median(of: pixels.value, quality: pixels.quality)
    if text == nil, level >= 0.1, level <= 10 { return }
    throw EngineError(
      "unit-mismatch",
      text.map { "the \(type) is in \($0) and must be normalised" }
        ?? "the \(type) has no BUNIT and its median is \(level), so it is not normalised",
      subject: name,
      hint: type == "sky" ? "tmtrun create_supersky makes one" : "tmtrun process_flatfield makes a flat of it"
    )
  }
}

/// Finds the window of an exposure in a reference.
struct ReferenceCut {
  /// The window of the detector that the reference covers.
  let whole: PixelWindow
  let name: String

  /// The exposure's window in the reference's own pixels.
  /// - Throws: `EngineError` `reference-window` that shows both windows.
  func window(of wanted: PixelWindow) throws(EngineError) -> PixelWindow {
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
