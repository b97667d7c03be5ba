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
    f["exposure"] = classification.kind == "readout" ? readoutExposure(&f, m) : exposure(m)
    return f
  }

  /// n of N: of the sky, else of the frames at one position, else of the dither pattern.
  private static func sequence(_ f: inout [String: String], _ m: FrameMetadata, _ c: Classification) {
    if c.obsName.hasSuffix("-SKY"), let index = m.skyIndex {
      f["position"] = String(index)
      f["count"] = m.skyCount.map(String.init)
    } else if c.obsName.hasSuffix("-SCI"), let index = m.ditherPosition {
      f["position"] = String(index)
      f["count"] = m.ditherCount.map(String.init)
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

  /// Detector, exposure number and first reset: the same numbers with another reset are another exposure.
  private static func readoutExposure(_ f: inout [String: String], _ m: FrameMetadata) -> String? {
    f["read"] = m.readNumber.map(String.init)
    f["reads_expected"] = m.expectedReads.map(String.init)
    guard let detector = m.readoutDetectorID ?? m.detector, let number = m.readoutExposureNumber else {
      return nil
    }
    return "\(detector)/\(number)/\(m.resetTimeMicroseconds.map { whole($0.rounded(.towardZero)) } ?? "-")"
  }

  /// The nearest whole number as text; as written by the header where no integer can hold it.
  private static func whole(_ number: Double) -> String {
    let nearest = number.rounded()
    return Int64(exactly: nearest).map { String($0) } ?? "\(number)"
  }
}
