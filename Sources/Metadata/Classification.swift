/// What a file is, as far as its header tells, and what the archive does with it.
public struct Classification: Sendable, Equatable, Codable {
  /// `SCI`, `CAL`, `ENG`, or `UNKNOWN`.
  public var obsType: String
  /// `IMG1-SCI` …, or `UNKNOWN`.
  public var obsName: String
  /// 0 raw readouts, 1 raw frame, 2 reduced (and reference files without `DATALVL`), 3 combination.
  public var level: Int
  /// Kind suffix: `ramp`, `readout` (one file per readout), `rate`, `cal`, `s3d`, `x1d`, `i2d`, `cat`, or the
  /// type of a reference (`dark`, `flat`, `mask` …).
  public var kind: String
  /// `.classified`, `.received` (a readout that waits for its raw frame), `.held` or `.quarantined`.
  public var state: FileState
  /// Why it is not simply classified: sentences for a person, ending with the next command.
  public var reason: String?
  /// `OBSNAME` was absent and was derived from other keywords.
  public var derived: Bool
  /// Canonical detector, if known.
  public var detector: String?
  /// `IMG`, `SLICER` or `LENSLET`, if known.
  public var instrumentMode: String?
  /// False for engineering frames that only go into the archive, and for everything not classified.
  public var joinsAssociations: Bool
  /// Shorter than commanded: never in a master; science made of it is degraded.
  public var isAborted: Bool
  /// Wrong values that do not matter enough to hold the file.
  public var warnings: [String]

  public init(
    obsType: String, obsName: String, level: Int, kind: String, state: FileState, reason: String? = nil,
    derived: Bool = false, detector: String? = nil, instrumentMode: String? = nil,
    joinsAssociations: Bool = true, isAborted: Bool = false, warnings: [String] = []
  ) {
    self.obsType = obsType
    self.obsName = obsName
    self.level = level
    self.kind = kind
    self.state = state
    self.reason = reason
    self.derived = derived
    self.detector = detector
    self.instrumentMode = instrumentMode
    self.joinsAssociations = joinsAssociations
    self.isAborted = isAborted
    self.warnings = warnings
  }

  /// The name of a frame that cannot be named.
  public static let unknown = "UNKNOWN"
}
