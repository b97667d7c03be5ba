import Foundation

// How the instrument was set up.
extension FrameMetadata {
  /// `DETECTOR` as the header writes it (`IRIS1` in files of 2020), for the published reference rules.
  public var detectorLiteral: String? { value(of: "DETECTOR")?.label.flatMap { $0.isEmpty ? nil : $0 } }

  /// The detector in canonical spelling: `IMG1`…`IMG4`, `IFU`, or what the header says when it is another
  /// one.
  ///
  /// From `DETECTOR`, else `DET_ID` (`SLC` and `LEN` are the IFU), else the first part of `OBSNAME`. Nil for
  /// a combination of several (`DETECTRS`), whatever its `OBSNAME` begins with.
  public var detector: String? {
    if let named = string("instrument.detector") { return named }
    guard value(of: "DETECTRS") == nil else { return nil }
    return string("readout.detector").map { ReadoutDetector($0).detector }
      ?? obsNameParts.flatMap { ObservationPrefix.standard[$0.prefix]?.detector }
  }

  /// `IMG`, `SLICER` or `LENSLET`: from `INSTMODE`, `DET_ID`, `IFSMODE` (IFU only), the detector, or
  /// `OBSNAME`.
  public var instrumentMode: String? {
    if let mode = string("instrument.mode") { return mode }
    if let id = string("readout.detector"), let mode = ReadoutDetector(id).mode { return mode }
    let detector = detector
    if let detector, detector.hasPrefix("IMG") { return "IMG" }
    if detector == "IFU", let mode = string("instrument.ifs_mode"), mode != "UNKNOWN" { return mode }
    return obsNameParts.flatMap { ObservationPrefix.standard[$0.prefix]?.mode }
  }

  public var filter: String? { string("instrument.filter") }
  public var pupil: String? { string("instrument.pupil") }
  public var grating: String? { string("instrument.grating") ?? string("instrument.ifs_grating") }

  /// Plate scale in canonical decimal form, e.g. `0.004` (arcsec per pixel or spaxel).
  public var scale: String? {
    (string("instrument.scale") ?? string("instrument.ifs_scale")).map(DecimalText.canonical)
  }

  /// e-/DN.
  public var gain: Double? { double("detector.gain") }
  /// Electrons per single read.
  public var readNoise: Double? { double("detector.read_noise") }
  /// `READMODE`/`READPATT`, else the detector software's `SAMPMODE`.
  public var readMode: String? { string("exposure.read_mode") ?? string("readout.sampling") }
  public var subarrayName: String? { string("subarray.name") }

  /// The window that was read, from `SUBSTRT`/`SUBSIZE`, else from the readout's `XSTART`/`XSIZE`; nil when
  /// the header does not give all four numbers, each within the schema's range. A readout's start of 0 is taken as the first pixel, like 1.
  public var subarray: SubarrayWindow? {
    if let x = integer("subarray.x_start"), let y = integer("subarray.y_start"),
      let width = integer("subarray.x_size"), let height = integer("subarray.y_size")
    {
      return SubarrayWindow(id: subarrayID, x0: x - 1, y0: y - 1, width: width, height: height)
    }
    guard let x = integer("readout.x_start"), let y = integer("readout.y_start"),
      let width = integer("readout.x_size"), let height = integer("readout.y_size")
    else { return nil }
    return SubarrayWindow(id: subarrayID, x0: max(0, x - 1), y0: max(0, y - 1), width: width, height: height)
  }

  /// `SUBARRID`, 0 (full frame) when absent.
  public var subarrayID: Int { integer("subarray.id") ?? 0 }

  /// The two parts of an `OBSNAME` such as `IMG1-SCI`.
  var obsNameParts: (prefix: String, code: String)? {
    guard let name = obsName, let dash = name.firstIndex(of: "-") else { return nil }
    return (String(name[..<dash]), String(name[name.index(after: dash)...]))
  }
}

/// What a readout's `DET_ID` stands for.
struct ReadoutDetector {
  let detector: String
  let mode: String?

  init(_ id: String) {
    switch id {
    case "SLC": (detector, mode) = ("IFU", "SLICER")
    case "LEN": (detector, mode) = ("IFU", "LENSLET")
    default: (detector, mode) = (id, id.hasPrefix("IMG") ? "IMG" : nil)
    }
  }
}

/// What the first part of an `OBSNAME` says: which detector, in which mode.
public struct ObservationPrefix: Sendable, Hashable, Codable {
  public let detector: String
  public let mode: String

  /// The prefixes of IRIS; `classification.yaml` may add others.
  static let standard: [String: ObservationPrefix] = [
    "IMG1": .init(detector: "IMG1", mode: "IMG"), "IMG2": .init(detector: "IMG2", mode: "IMG"),
    "IMG3": .init(detector: "IMG3", mode: "IMG"), "IMG4": .init(detector: "IMG4", mode: "IMG"),
    "SLI": .init(detector: "IFU", mode: "SLICER"), "LEN": .init(detector: "IFU", mode: "LENSLET"),
  ]
}
