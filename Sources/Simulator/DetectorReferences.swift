import FITSIO
import FITSStructure
import Pixels

/// Writes the reference files that undo what a simulated detector does: the truth, not measurements of it.
public struct DetectorReferences {
  /// A type of reference file.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// `DQ`: what is wrong with each pixel; reference pixels are marked.
    case mask
    /// `SCI`: electrons per adu.
    case gain
    /// `SCI`: electrons of a single read.
    case readnoise
    /// `SCI` in adu and `DQ`: the mean level after a reset.
    case superbias
    /// `SCI` in adu and `DQ`: a raw sample at or above it is saturated.
    case saturation
    /// `COEFFS` (power, y, x) and `DQ`: F = Σ c_n mⁿ in adu over the pixel's zero.
    case nonlincoeff
  }

  /// The detector, and its name (`IMG1` … `IFU`).
  public let detector: DetectorModel
  public let name: String
  /// `USEAFTER`: the first instant they are meant for.
  public let useAfter: SimulatedTime

  /// References of one detector.
  public init(detector: DetectorModel, name: String, useAfter: SimulatedTime) {
    self.detector = detector
    self.name = name
    self.useAfter = useAfter
  }

  /// Types that say something about the detector: without `DetectorModel.readout` only mask, gain and read noise.
  public var kinds: [Kind] {
    detector.readout == nil ? [.mask, .gain, .readnoise] : Kind.allCases
  }

  /// `iris_img1_saturation.fits`.
  public func fileName(_ kind: Kind) -> String { "iris_\(name.lowercased())_\(kind.rawValue).fits" }

  /// Writes all types into `folder`.
  ///
  /// - Returns: the paths.
  /// - Throws: `write-failed` about the file.
  @discardableResult
  public func write(in folder: String, replacing: Bool = false) throws(SimulatorError) -> [String] {
    var paths: [String] = []
    for kind in kinds {
      let path = "\(folder)/\(fileName(kind))"
      try FrameWriter.writing(path) {
        var writer = try FITSWriter(path: path)
        try writer.appendPrimary(header(kind))
        try append(kind, to: &writer)
        return try writer.commit(replacing: replacing)
      }
      paths.append(path)
    }
    return paths
  }

  // MARK: planes

  /// The raw level from which a sample counts as saturated, adu: 2 % of the full well below where the pixel is full, as
  /// the noise of reset and outputs is not known before they are taken off; the converter's end where that comes first.
  public func saturation() -> Plane<Float>? {
    guard let model = detector.readout else { return nil }
    var plane = model.superbias
    let gain = detector.gain
    plane.withUnsafeMutableBuffer { out in
      model.fullWell.withUnsafeBuffer { well in
        model.strength.withUnsafeBuffer { strength in
          for i in out.indices {
            let full = model.curve.measured(Double(well[i]) / gain, strength: Double(strength[i]))
            out[i] = min((out[i] + 0.98 * Float(full)).rounded(.down), Float(RampSimulator.fullScale))
          }
        }
      }
    }
    return plane
  }

  /// The coefficients of the linearity correction: a plane for each power from 0 on.
  public func coefficients() -> [Plane<Float>]? {
    guard let model = detector.readout else { return nil }
    // Of each power from 2 on the coefficient goes with the pixel's strength.
    let (none, one) = (model.curve.coefficients(strength: 0), model.curve.coefficients(strength: 1))
    return none.indices.map { power in
      Plane(uninitializedWidth: detector.size, height: detector.size) { out in
        model.strength.withUnsafeBuffer { strength in
          detector.flags.withUnsafeBuffer { flags in
            for i in out.indices {
              let own = flags[i] & DQ.referencePixel != 0 ? 0 : Double(strength[i])
              out[i] = Float(none[power] + own * (one[power] - none[power]))
            }
          }
        }
      }
    }
  }

  private func append(_ kind: Kind, to writer: inout FITSWriter) throws {
    switch kind {
    case .mask: return try append(detector.flags, to: &writer)
    case .gain: return try append(constant(detector.gain), "electron/adu", to: &writer)
    case .readnoise: return try append(constant(detector.readNoise), "electron", to: &writer)
    case .superbias: try append(detector.readout?.superbias, "adu", to: &writer)
    case .saturation: try append(saturation(), "adu", to: &writer)
    case .nonlincoeff:
      let cards = Header([Card("BUNIT", "", comment: "F = sum of COEFFS[n] times signal to the power n")])
      guard let planes = coefficients() else { return }
      try planes.flatMap(\.elements).withUnsafeBufferPointer {
        try writer.appendImage(
          cards, name: "COEFFS", axes: [detector.size, detector.size, planes.count], pixels: $0)
      }
    }
    try append(detector.flags.map { $0 & DQ.referencePixel }, to: &writer)
  }

  private func constant(_ value: Double) -> Plane<Float> {
    Plane(width: detector.size, height: detector.size, repeating: Float(value))
  }

  private func append(_ plane: Plane<Float>?, _ unit: String, to writer: inout FITSWriter) throws {
    guard let plane else { return }
    let cards = Header([Card("BUNIT", .string(unit), comment: "Unit of the values")])
    try plane.withUnsafeBuffer {
      try writer.appendImage(cards, name: "SCI", axes: [plane.width, plane.height], pixels: $0)
    }
  }

  private func append(_ flags: Plane<UInt32>, to writer: inout FITSWriter) throws {
    let cards = Header([Card("BUNIT", "", comment: "No unit")])
    try flags.withUnsafeBuffer {
      try writer.appendImage(cards, name: "DQ", axes: [flags.width, flags.height], pixels: $0)
    }
  }

  // MARK: header

  private func header(_ kind: Kind) -> Header {
    let type = kind.rawValue.uppercased()
    let model = "TMT\(type.prefix(1))\(type.dropFirst().lowercased())Model"
    let after = "\(useAfter.date) \(useAfter.time.prefix(8))"
    return Header([
      Card("FILENAME", .string(fileName(kind)), comment: "Name of the file"),
      Card("ORIGIN", "irissim", comment: "Who made the file"),
      Card("TELESCOP", "TMT", comment: "Telescope"), Card("INSTRUME", "IRIS", comment: "Instrument"),
      Card("DATAMODL", .string(model), comment: "Type of the data model"),
      Card("REFTYPE", .string(type), comment: "Type of the reference file"),
      Card("PEDIGREE", "SIMULATION", comment: "How it was made"),
      Card("DESCRIP", .string("true \(kind.rawValue) of the simulated \(name)"), comment: "What it is"),
      Card("AUTHOR", "irissim", comment: "Who made it"),
      Card("USEAFTER", .string(after), comment: "For exposures from this date on (UTC)"),
      Card("DETECTOR", .string(name), comment: "Detector"),
      Card("SUBARRAY", "FULL", comment: "Subarray"), Card("SUBARRID", 0, comment: "0 is the full frame"),
      Card("SUBSTRT1", 1, comment: "First column"), Card("SUBSTRT2", 1, comment: "First row"),
      Card("SUBSIZE1", detector.size, comment: "Columns"), Card("SUBSIZE2", detector.size, comment: "Rows"),
      Card("DETXSIZE", detector.size, comment: "Columns of the detector"),
      Card("DETYSIZE", detector.size, comment: "Rows of the detector"),
      Card("FASTAXIS", 1, comment: "Fast readout axis"), Card("SLOWAXIS", 2, comment: "Slow readout axis"),
      Card("CHANNELS", detector.readout?.options.channels ?? 1, comment: "Outputs of the detector"),
    ])
  }
}
