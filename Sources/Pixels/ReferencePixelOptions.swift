/// How reference pixels are averaged.
public struct ReferencePixelOptions: Sendable, Equatable {
  /// Amplifiers that read the detector side by side, each a stripe of columns.
  public var channels: Int
  /// Whether odd and even columns have levels of their own.
  public var separatesParity: Bool
  /// Whether the columns at the sides are used, which follow the noise from row to row.
  public var usesSides: Bool
  /// Rows of the running median of the side columns; nil to find out which number tells most of the noise: that with
  /// which one half of the side columns foretells the other half best.
  public var sideWindow: Int?
  /// Samples further than so many sigmas from the mean are left out.
  public var clipSigmas: Double

  /// 64 channels, odd and even columns apart, a running median of as many rows as serve best, 3 sigmas.
  public init(
    channels: Int = 64, separatesParity: Bool = true, usesSides: Bool = true, sideWindow: Int? = nil,
    clipSigmas: Double = 3
  ) {
    self.channels = channels
    self.separatesParity = separatesParity
    self.usesSides = usesSides
    self.sideWindow = sideWindow
    self.clipSigmas = clipSigmas
  }

  /// Flags of pixels that are no measure of the electronics.
  static let excludedFlags =
    DQ.dead | DQ.hot | DQ.warm | DQ.rc | DQ.telegraph | DQ.badRefPixel | DQ.otherBadPixel | DQ.open
    | DQ.nonScience

  /// Whether a pixel with these flags may be used. `DO_NOT_USE` alone excludes no reference pixel: all have it.
  static func isUsable(_ flags: UInt32) -> Bool {
    flags & excludedFlags == 0 && (flags & DQ.doNotUse == 0 || flags & DQ.referencePixel != 0)
  }
}
