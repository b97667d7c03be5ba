import Foundation

// Whose exposure, of what, and where in its sequence.
extension FrameMetadata {
  /// `OBSTYPE` as written: `SCI`, `CAL` or `ENG` in good files.
  public var obsType: String? { string("classification.type") }
  /// `OBSNAME` as written, e.g. `IMG1-SCI`.
  public var obsName: String? { string("classification.name") }
  /// `IMTYPE` or `EXP_TYPE` as written.
  public var imageType: String? { string("exposure.type") }

  public var object: String? { string("target.name") }
  /// `PROGRAM`, else `PROGNUM`.
  public var program: String? { string("program.number") }
  public var semester: String? { string("program.semester") }
  /// `PROGNUM`, else `PROGRAM` without a leading semester (`2026B-P003` -> `P003`).
  public var programNumber: String? {
    if let number = value(of: "PROGNUM")?.label, !number.isEmpty { return number }
    guard let program, let semester, program.hasPrefix(semester + "-") else { return program }
    return String(program.dropFirst(semester.count + 1))
  }
  /// `OBSERVTN`, else `OBSNUM`, else `OBS_ID`.
  public var observation: String? { string("program.observation") ?? observationID }
  /// `OBSNUM`, else `OBSERVTN`.
  public var observationNumber: String? {
    if let number = value(of: "OBSNUM")?.label, !number.isEmpty { return number }
    return string("program.observation")
  }
  /// `OBS_ID`.
  public var observationID: String? { string("program.observation_id") }
  public var sequenceID: String? { string("sequence.id") }

  /// Degrees, ICRS; nil outside 0…360.
  public var ra: Double? { double("target.ra").flatMap { (0...360).contains($0) ? $0 : nil } }
  /// Degrees, ICRS; nil outside -90…90.
  public var dec: Double? { double("target.dec").flatMap { (-90...90).contains($0) ? $0 : nil } }
  /// Position angle of detector +y, degrees E of N: `PA`, else the one of the mode (`PA_IMAG`, `PA_IFS`).
  public var positionAngle: Double? {
    double("pointing.position_angle")
      ?? double(detector == "IFU" ? "pointing.position_angle_ifs" : "pointing.position_angle_imager")
  }

  /// Position in the dither pattern, from 1.
  public var ditherPosition: Int? { integer("sequence.dither") }
  public var ditherCount: Int? { integer("sequence.dithers") }
  /// `IFRAME` of `IFRAMES`: exposures at one position.
  public var frameIndex: Int? { integer("sequence.frame") }
  public var frameCount: Int? { integer("sequence.frames") }
  /// `SFRAME` of `SFRAMES`: exposures of a sky set.
  public var skyIndex: Int? { integer("sequence.sky_frame") }
  public var skyCount: Int? { integer("sequence.sky_frames") }
  /// Telescope offset from the pattern's start, arcsec, East positive.
  public var xOffset: Double? { double("sequence.offset_east") }
  /// Telescope offset from the pattern's start, arcsec, North positive.
  public var yOffset: Double? { double("sequence.offset_north") }
  /// Whether the exposure is declared as sky: `ISSKY`, `BKGDTARG`, or an `OBSNAME` that ends in `-SKY`.
  public var isSky: Bool? {
    logical("sequence.is_sky") ?? logical("sequence.is_background_target")
      ?? (obsNameParts?.code == "SKY" ? true : nil)
  }
}
