import Foundation

// A single readout of a ramp (level 0, one file per readout).
extension FrameMetadata {
  /// `DET_ID` as written: `IMG1`…`IMG4`, `SLC` or `LEN`.
  public var readoutDetectorID: String? { string("readout.detector") }
  /// `EXP_NO`.
  public var readoutExposureNumber: Int? { integer("readout.exposure") }
  /// `RAMP_NO`.
  public var rampNumber: Int? { integer("readout.ramp") }
  /// `READ_NO`.
  public var readNumber: Int? { integer("readout.read") }
  /// `COMPLETE`: every pixel was read.
  public var isReadoutComplete: Bool? { logical("readout.complete") }

  /// Whether the header is one readout's: it has a read, a ramp and an exposure number of a detector.
  public var isReadout: Bool {
    readNumber != nil && rampNumber != nil && readoutExposureNumber != nil && detector != nil
  }

  /// Start of the first pixel's read, microseconds.
  public var readTimeMicroseconds: Double? { microseconds("readout.read_time") }
  /// Last reset, microseconds.
  public var resetTimeMicroseconds: Double? { microseconds("readout.reset_time") }
  /// Time to read the frame, microseconds.
  public var frameTimeMicroseconds: Double? { microseconds("readout.frame_time") }

  /// `READTIME - RST_TIME` in seconds: the time that the read has integrated.
  public var secondsSinceReset: Double? {
    guard let read = readTimeMicroseconds, let reset = resetTimeMicroseconds else { return nil }
    return (read - reset) / 1e6
  }

  /// `READTIME` as a date, when it is an absolute time (later than MJD 50,000, October 1995).
  public var readDate: Date? {
    guard let time = readTimeMicroseconds, time > 50_000 * 86_400e6 else { return nil }
    return FITSDate.fromModifiedJulianMicroseconds(time)
  }

  /// Reads per ramp to wait for: `READS`, else UTR `NUMREADS`, CDS 2, MDS and MCDS 2 x `NUMREADS`.
  public var expectedReads: Int? {
    if let reads = integer("readout.expected_reads") { return reads }
    let reads = integer("readout.reads")
    switch (string("readout.sampling") ?? string("exposure.read_mode"))?.uppercased() {
    case "CDS": return 2
    case "MDS", "MCDS": return reads.map { 2 * $0 }
    default: return reads
    }
  }

  /// Ramps per exposure to wait for.
  public var expectedRamps: Int? { integer("readout.ramps") ?? integer("exposure.ramps") }

  /// Reads of all ramps of the exposure to wait for; nil when the reads of a ramp are not declared.
  public var expectedReadsInAll: Int? {
    expectedReads.map { $0 * max(1, expectedRamps ?? 1) }
  }

  /// `DET_ID/EXP_NO`, what readouts and the raw frame of an exposure share: `IMG1/7`, `SLC/12`.
  ///
  /// A raw frame without `DET_ID` and `EXP_NO` has `DETECTOR` (with `INSTMODE` for the spectrograph) and `EXPNUM`.
  public var detectorExposure: String? {
    guard let id = readoutDetectorID ?? impliedDetectorID,
      let number = readoutExposureNumber ?? exposureNumber
    else { return nil }
    return "\(id)/\(number)"
  }

  private var impliedDetectorID: String? {
    guard detector == "IFU" else { return detector }
    switch instrumentMode {
    case "SLICER": return "SLC"
    case "LENSLET": return "LEN"
    default: return nil
    }
  }

  /// Microseconds; where `DATALVL` is 1 or more the header has seconds. Nil when not finite.
  private func microseconds(_ path: String) -> Double? {
    double(path).map { (level ?? 0) >= 1 ? $0 * 1e6 : $0 }.flatMap { $0.isFinite ? $0 : nil }
  }
}
