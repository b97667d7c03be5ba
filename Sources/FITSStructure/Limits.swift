/// Bounds on what is read from a file that somebody else wrote.
public struct Limits: Sendable, Hashable {
  /// HDUs of one file.
  public var maxHDUs: Int
  /// Records of one header.
  public var maxCardsPerHeader: Int
  /// Records of all headers of one file.
  public var maxCards: Int
  /// Bytes that a gzipped file may inflate to.
  public var maxInflatedBytes: UInt64
  /// Inflated over compressed bytes that is accepted beyond `inflatedBytesAlwaysAllowed`.
  public var maxInflationRatio: UInt64
  /// Inflated bytes below which the ratio is not looked at: masks of zeros compress a thousandfold.
  public var inflatedBytesAlwaysAllowed: UInt64

  /// Makes bounds that real instrument files stay far below.
  public init(
    maxHDUs: Int = 4096, maxCardsPerHeader: Int = 65_536, maxCards: Int = 262_144,
    maxInflatedBytes: UInt64 = 16 << 30, maxInflationRatio: UInt64 = 200,
    inflatedBytesAlwaysAllowed: UInt64 = 256 << 20
  ) {
    self.maxHDUs = maxHDUs
    self.maxCardsPerHeader = maxCardsPerHeader
    self.maxCards = maxCards
    self.maxInflatedBytes = maxInflatedBytes
    self.maxInflationRatio = maxInflationRatio
    self.inflatedBytesAlwaysAllowed = inflatedBytesAlwaysAllowed
  }
}
