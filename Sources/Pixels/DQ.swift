/// Data quality flags: the JWST bit table, 32 bits.
///
/// `doNotUse` excludes a pixel from statistics; every other flag informs. Flags are OR-ed, never dropped.
public enum DQ {
  /// No flag.
  public static let none: UInt32 = 0
  /// Bit 0, `DO_NOT_USE`. Excluded from every statistic.
  public static let doNotUse: UInt32 = 1 << 0
  /// Bit 1, `SATURATED`. At or above saturation in some read.
  public static let saturated: UInt32 = 1 << 1
  /// Bit 2, `JUMP_DET`. A jump was found and repaired in the ramp.
  public static let jumpDet: UInt32 = 1 << 2
  /// Bit 3, `DROPOUT`. Data lost in transmission.
  public static let dropout: UInt32 = 1 << 3
  /// Bit 4, `OUTLIER`. Found by a cosmic-ray or outlier step.
  public static let outlier: UInt32 = 1 << 4
  /// Bit 5, `PERSISTENCE`. High persistence.
  public static let persistence: UInt32 = 1 << 5
  /// Bit 6, `AD_FLOOR`. Below the A/D floor.
  public static let adFloor: UInt32 = 1 << 6
  /// Bit 7, `CHARGELOSS`. Charge migrated to neighbours.
  public static let chargeloss: UInt32 = 1 << 7
  /// Bit 8, `UNRELIABLE_ERROR`. The error is not trustworthy.
  public static let unreliableError: UInt32 = 1 << 8
  /// Bit 9, `NON_SCIENCE`. Not on the science part of the detector.
  public static let nonScience: UInt32 = 1 << 9
  /// Bit 10, `DEAD`. Dead pixel.
  public static let dead: UInt32 = 1 << 10
  /// Bit 11, `HOT`. Hot pixel.
  public static let hot: UInt32 = 1 << 11
  /// Bit 12, `WARM`. Warm pixel.
  public static let warm: UInt32 = 1 << 12
  /// Bit 13, `LOW_QE`. Low quantum efficiency.
  public static let lowQe: UInt32 = 1 << 13
  /// Bit 14, `RC`. RC pixel.
  public static let rc: UInt32 = 1 << 14
  /// Bit 15, `TELEGRAPH`. Telegraph noise.
  public static let telegraph: UInt32 = 1 << 15
  /// Bit 16, `NONLINEAR`. Strongly non-linear.
  public static let nonlinear: UInt32 = 1 << 16
  /// Bit 17, `BAD_REF_PIXEL`. A reference pixel that cannot be used.
  public static let badRefPixel: UInt32 = 1 << 17
  /// Bit 18, `NO_FLAT_FIELD`. No flat field here.
  public static let noFlatField: UInt32 = 1 << 18
  /// Bit 19, `NO_GAIN_VALUE`. No gain here.
  public static let noGainValue: UInt32 = 1 << 19
  /// Bit 20, `NO_LIN_CORR`. No linearity correction here.
  public static let noLinCorr: UInt32 = 1 << 20
  /// Bit 21, `NO_SAT_CHECK`. Saturation was not checked.
  public static let noSatCheck: UInt32 = 1 << 21
  /// Bit 22, `UNRELIABLE_BIAS`. Bias variance is large.
  public static let unreliableBias: UInt32 = 1 << 22
  /// Bit 23, `UNRELIABLE_DARK`. Dark is missing, or varies too much.
  public static let unreliableDark: UInt32 = 1 << 23
  /// Bit 24, `UNRELIABLE_SLOPE`. Slope variance is large.
  public static let unreliableSlope: UInt32 = 1 << 24
  /// Bit 25, `UNRELIABLE_FLAT`. Flat variance is large.
  public static let unreliableFlat: UInt32 = 1 << 25
  /// Bit 26, `OPEN`. Open pixel: its counts went to its neighbours.
  public static let open: UInt32 = 1 << 26
  /// Bit 27, `ADJ_OPEN`. Neighbour of an open pixel.
  public static let adjOpen: UInt32 = 1 << 27
  /// Bit 28, `FLUX_ESTIMATED`. The value was estimated from neighbours.
  public static let fluxEstimated: UInt32 = 1 << 28
  /// Bit 29, `MSA_FAILED_OPEN`. Shutter failed open (kept from the JWST table).
  public static let msaFailedOpen: UInt32 = 1 << 29
  /// Bit 30, `OTHER_BAD_PIXEL`. Bad in some other way.
  public static let otherBadPixel: UInt32 = 1 << 30
  /// Bit 31, `REFERENCE_PIXEL`. A reference pixel of the detector's border.
  public static let referencePixel: UInt32 = 1 << 31

  /// The table's names by bit, 0 to 31.
  public static let tableNames: [String] = [
    "DO_NOT_USE", "SATURATED", "JUMP_DET", "DROPOUT", "OUTLIER", "PERSISTENCE", "AD_FLOOR",
    "CHARGELOSS", "UNRELIABLE_ERROR", "NON_SCIENCE", "DEAD", "HOT", "WARM", "LOW_QE", "RC", "TELEGRAPH",
    "NONLINEAR", "BAD_REF_PIXEL", "NO_FLAT_FIELD", "NO_GAIN_VALUE", "NO_LIN_CORR", "NO_SAT_CHECK",
    "UNRELIABLE_BIAS", "UNRELIABLE_DARK", "UNRELIABLE_SLOPE", "UNRELIABLE_FLAT", "OPEN", "ADJ_OPEN",
    "FLUX_ESTIMATED", "MSA_FAILED_OPEN", "OTHER_BAD_PIXEL", "REFERENCE_PIXEL",
  ]

  /// The names of the flags set in `quality`, from bit 0 up.
  public static func names(of quality: UInt32) -> [String] {
    (0..<32).filter { quality & (1 << UInt32($0)) != 0 }.map { tableNames[$0] }
  }

  /// The flag of a table name (`"HOT"`), or nil for a name that is not in the table.
  public static func flag(named name: String) -> UInt32? {
    tableNames.firstIndex(of: name).map { 1 << UInt32($0) }
  }
}
