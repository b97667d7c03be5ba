/// A parkey and every header name it may be found under: `META.*` names of the rules and FITS keywords.
struct HeaderName: Sendable, Hashable {
  enum Role: Sendable, Hashable { case plain, detector, date, time }

  /// The name as the rules write it, upper case.
  let parkey: String
  /// Names to try, best first; the parkey itself is the first.
  let candidates: [String]
  let role: Role

  init(_ name: String) {
    let parkey = name.uppercased()
    let group = Self.groups.first { $0.contains(parkey) } ?? []
    self.parkey = parkey
    self.candidates = [parkey] + group.filter { $0 != parkey }
    switch group.first {
    case "META.INSTRUMENT.DETECTOR": role = .detector
    case "META.OBSERVATION.DATE": role = .date
    case "META.OBSERVATION.TIME": role = .time
    default: role = .plain
    }
  }

  /// The header's raw value, or nil when it has none under any name.
  func value(in header: [String: String]) -> String? {
    for name in candidates {
      if let value = header[name] { return value }
    }
    return nil
  }

  static let detector = HeaderName("META.INSTRUMENT.DETECTOR")
  static let date = HeaderName("META.OBSERVATION.DATE")

  /// Names that mean the same: the reference pipeline's metadata path, then FITS keywords of both
  /// generations.
  static let groups: [[String]] = [
    ["META.INSTRUMENT.NAME", "INSTRUME"],
    ["META.INSTRUMENT.DETECTOR", "DETECTOR"],
    ["META.INSTRUMENT.MODE", "INSTMODE"],
    ["META.INSTRUMENT.FILTER", "FILTER"],
    ["META.INSTRUMENT.PUPIL", "PUPIL"],
    ["META.INSTRUMENT.GRATING", "GRATING"],
    ["META.INSTRUMENT.SCALE", "SCALE"],
    ["META.SUBARRAY.NAME", "SUBARRAY"],
    ["META.SUBARRAY.ID", "SUBARRID"],
    ["META.SUBARRAY.XSTART", "SUBSTRT1"],
    ["META.SUBARRAY.YSTART", "SUBSTRT2"],
    ["META.SUBARRAY.XSIZE", "SUBSIZE1"],
    ["META.SUBARRAY.YSIZE", "SUBSIZE2"],
    ["META.OBSERVATION.DATE", "DATE-OBS", "DATE-BEG"],
    ["META.OBSERVATION.TIME", "TIME-OBS"],
    ["META.EXPOSURE.TYPE", "META.EXPOSURE.EXPOSURE_TYPE", "EXP_TYPE", "IMTYPE"],
    ["META.EXPOSURE.EXPOSURE_TIME", "META.EXPOSURE.TIME", "EXPTIME"],
    ["META.EXPOSURE.READMODE", "META.EXPOSURE.READPATT", "READMODE", "READPATT"],
    ["META.EXPOSURE.NINTS", "NINTS"],
    ["META.EXPOSURE.NGROUPS", "NGROUPS"],
    ["META.EXPOSURE.NREADS", "NREADS"],
    ["META.EXPOSURE.NCOADDS", "NCOADDS", "META.EXPOSURE.NFRAMES", "NFRAMES"],
    ["META.TARGET.NAME", "OBJECT"],
    ["META.TELESCOPE", "TELESCOP"],
    ["META.EXPOSURE.AIRMASS", "AIRMASS"],
  ]

  /// The other name of the first imager detector, or nil: files of 2020 say `IRIS1` where later ones say
  /// `IMG1`.
  static func otherDetector(_ detector: String) -> String? {
    switch detector {
    case "IMG1": "IRIS1"
    case "IRIS1": "IMG1"
    default: nil
    }
  }
}
