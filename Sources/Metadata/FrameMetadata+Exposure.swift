import Foundation

// When and how long, how often read, and how good.
extension FrameMetadata {
  /// `EXPTIME` in seconds; nil when absent, not a number or not finite.
  public var exposureSeconds: Double? { double("exposure.time") }

  /// Start of the exposure: `DATE-BEG`, `DATE-OBS` (+`TIME-OBS`), `EXPDTST`/`EXPJDST`, `MJD-OBS`, else a
  /// readout's `READTIME`. A `DATE-OBS` without any time counts last, as midnight.
  public var dateBegin: Date? {
    date("exposure.begin") ?? observationDate(requiringTime: true)
      ?? compactDate("exposure.begin_compact", "exposure.begin_jd")
      ?? double("exposure.mjd").flatMap(FITSDate.fromJulian) ?? readDate
      ?? observationDate(requiringTime: false)
  }

  /// End of the exposure: `DATE-END`, `EXPDTEND`/`EXPJDEND`, else the start plus `EXPTIME`; nil when that is no time
  /// within a plausible range.
  public var dateEnd: Date? {
    if let end = date("exposure.end") ?? compactDate("exposure.end_compact", "exposure.end_jd") { return end }
    guard let begin = dateBegin, let seconds = exposureSeconds, seconds >= 0,
      schema.definition(path: "exposure.time")?.range?.contains(seconds) ?? (seconds < 1e9)
    else { return nil }
    return begin.addingTimeInterval(seconds)
  }

  /// Middle between start and end.
  public var dateMiddle: Date? {
    guard let begin = dateBegin, let end = dateEnd, end >= begin else { return dateBegin }
    return begin.addingTimeInterval(end.timeIntervalSince(begin) / 2)
  }

  /// `EXPNUM`, else the readout's `EXP_NO`.
  public var exposureNumber: Int? { integer("exposure.number") ?? integer("readout.exposure") }

  /// Ramps in the exposure. Newer files (`NREADS` without `NINTS`) count them in `NGROUPS`.
  public var nints: Int? {
    integer("exposure.ramps") ?? (countsRampsAsGroups ? integer("exposure.groups") : nil)
      ?? integer("readout.ramps")
  }

  /// Reads per ramp: our files' `NGROUPS`, newer files' `NREADS`, else what the detector software declares.
  public var ngroups: Int? {
    integer(countsRampsAsGroups ? "exposure.reads" : "exposure.groups") ?? integer("exposure.reads")
      ?? expectedReads
  }

  /// The same as `ngroups`: reads per ramp.
  public var nreads: Int? { ngroups }

  /// `NCOADDS`, else `NFRAMES` of newer files.
  public var ncoadds: Int? {
    integer("exposure.coadds") ?? (integer("exposure.ramps") == nil ? integer("exposure.frames") : nil)
  }

  /// `DATALVL`.
  public var level: Int? { integer("file.level") }

  public var airmass: Double? { double("exposure.airmass") }

  /// `GOOD`, `BAD` or `UNKNOWN`; nil when absent or another word.
  public var dataQuality: String? {
    string("file.quality").flatMap { ["GOOD", "BAD", "UNKNOWN"].contains($0) ? $0 : nil }
  }

  /// The exposure was cut short: `ABORTED = T`, or `EXPTIME` below the commanded time (`EXPREQ`, else one
  /// ramp's `RAMPINTT`) by more than 1 % and 0.01 s.
  public var isAborted: Bool {
    if let flag = logical("exposure.aborted") { return flag }
    guard let seconds = exposureSeconds,
      let commanded = double("exposure.commanded_time") ?? double("readout.ramp_time")
    else { return false }
    return seconds < commanded - max(0.01, 0.01 * commanded)
  }

  private var countsRampsAsGroups: Bool {
    integer("exposure.ramps") == nil && integer("exposure.reads") != nil
  }

  private func observationDate(requiringTime: Bool) -> Date? {
    guard let found = schema.definition(path: "exposure.date").flatMap(found),
      case .string(let text) = found.value, let day = FITSDate.parse(text)
    else { return nil }
    if FITSDate.hasTime(text) { return day }
    if let clock = string("exposure.time_of_day").flatMap(FITSDate.timeOfDay) {
      return day.addingTimeInterval(clock)
    }
    return requiringTime ? nil : day
  }

  /// `EXPDTST` has whole seconds, `EXPJDST` fractions: the latter refines the former when they agree.
  private func compactDate(_ textPath: String, _ numberPath: String) -> Date? {
    let fine = double(numberPath).flatMap(FITSDate.fromJulian)
    guard let coarse = date(textPath) else { return fine }
    guard let fine, abs(fine.timeIntervalSince(coarse) - 0.5) <= 0.5001 else { return coarse }
    return fine
  }
}
