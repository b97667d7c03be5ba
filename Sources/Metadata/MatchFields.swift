import Foundation

/// The fields of an exposure that association rules compare, as text. Absent values are absent, never guessed.
public enum MatchFields {
  /// Field -> text of one frame: `obsname detector filter exptime sequence position count …`.
  public static func fields(_ m: FrameMetadata, _ classification: Classification) -> [String: String] {
    var f: [String: String] = [:]
    f["obsname"] = classification.obsName
    f["obstype"] = classification.obsType
    f["kind"] = classification.kind
    f["level"] = String(classification.level)
    f["detector"] = m.detector
    f["filter"] = m.filter
    f["pupil"] = m.pupil
    f["grating"] = m.grating
    f["scale"] = m.scale
    f["instmode"] = m.instrumentMode
    f["subarray"] = m.subarray.map { "\($0)" } ?? m.subarrayName
    f["readmode"] = m.readMode
    f["reads"] = m.nreads.map(String.init)
    f["coadds"] = m.ncoadds.map(String.init)
    f["exptime"] = m.exposureSeconds.map { String($0) }
    f["program"] = m.program
    f["observation"] = m.observation
    f["object"] = m.object
    f["sequence"] = m.sequenceID
    f["aborted"] = classification.isAborted ? "yes" : nil
    f["joins"] = classification.joinsAssociations ? nil : "no"
    sequence(&f, m, classification)
    if classification.level > 0, let footprint = m.footprint {
      f["sky_ra"] = String(footprint.ra)
      f["sky_dec"] = String(footprint.dec)
      f["sky_radius"] = String(footprint.radius)
    }
    f["exposure"] = classification.kind == "readout" ? readoutExposure(&f, m) : exposure(m)
    if classification.level == 1 {
      // What its readouts take from it when their own headers do not say.
      f["reads_expected"] = (m.expectedReadsInAll ?? readsOfFrame(m)).map(String.init)
      f["ramps_expected"] = m.expectedRamps.map(String.init)
      f["ramp_time"] = m.double("readout.ramp_time").map { String($0) }
    }
    return f
  }

  /// n of N: of the sky, of the dither pattern (with the frames at each position as `frame` of `frames`), else of the
  /// frames at one position.
  private static func sequence(_ f: inout [String: String], _ m: FrameMetadata, _ c: Classification) {
    if c.obsName.hasSuffix("-SKY"), let index = m.skyIndex {
      f["position"] = String(index)
      f["count"] = m.skyCount.map(String.init)
    } else if c.obsName.hasSuffix("-SCI"), let index = m.ditherPosition {
      f["position"] = String(index)
      f["count"] = m.ditherCount.map(String.init)
      f["frame"] = m.frameIndex.map(String.init)
      f["frames"] = m.frameCount.map(String.init)
    } else if let index = m.frameIndex {
      f["position"] = String(index)
      f["count"] = m.frameCount.map(String.init)
    }
  }

  /// Detector, exposure number and start: what two level 1 versions of one exposure share.
  private static func exposure(_ m: FrameMetadata) -> String? {
    guard let detector = m.detector, let number = m.exposureNumber, let start = m.dateBegin else {
      return nil
    }
    return "\(detector)/\(number)/\(whole(start.timeIntervalSince1970 * 10))"
  }

  /// What places a readout: `ramp`, `read`, `reset` (microseconds), how many are expected, and how long a ramp takes.
  ///
  /// - Returns: `DET_ID/EXP_NO`; which resets make one exposure of that number only its readouts together tell.
  private static func readoutExposure(_ f: inout [String: String], _ m: FrameMetadata) -> String? {
    f["read"] = m.readNumber.map(String.init)
    f["ramp"] = m.rampNumber.map(String.init)
    f["reset"] = m.resetTimeMicroseconds.map { whole($0.rounded(.towardZero)) }
    f["ramp_time"] = rampSeconds(m).map { String($0) }
    f["reads_expected"] = m.expectedReadsInAll.map(String.init)
    f["ramps_expected"] = m.expectedRamps.map(String.init)
    f["window"] = window(m)
    f["incomplete"] = m.isReadoutComplete == false ? "yes" : nil
    return m.detectorExposure
  }

  /// `NGROUPS` reads of each of `NINTS` ramps.
  private static func readsOfFrame(_ m: FrameMetadata) -> Int? {
    m.ngroups.map { $0 * max(1, m.nints ?? 1) }
  }

  /// Where the read lies on the detector: guide windows are read beside the frame, under its number.
  private static func window(_ m: FrameMetadata) -> String? {
    let numbers = ["x_start", "y_start", "x_size", "y_size"].map { m.integer("readout.\($0)") }
    guard numbers.contains(where: { $0 != nil }) else { return nil }
    return numbers.map { $0.map(String.init) ?? "-" }.joined(separator: ",")
  }

  /// `RAMPINTT`, else what the read itself shows: it began so long after the reset, and took so long.
  private static func rampSeconds(_ m: FrameMetadata) -> Double? {
    if let declared = m.double("readout.ramp_time"), declared > 0 { return declared }
    guard let read = m.secondsSinceReset, read >= 0 else { return nil }
    return read + (m.frameTimeMicroseconds ?? 0) / 1e6
  }

  /// The nearest whole number as text; as written by the header where no integer can hold it.
  private static func whole(_ number: Double) -> String {
    let nearest = number.rounded()
    return Int64(exactly: nearest).map { String($0) } ?? "\(number)"
  }
}
