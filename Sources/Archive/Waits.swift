/// Every wait of the archive, in seconds of the arrival clock.
public struct Waits: Sendable, Equatable {
  /// A sequence without its declared count closes when it was quiet for max(`quiet`, 3 x EXPTIME + `overhead`).
  public var quiet: Double
  public var overhead: Double
  /// How long a science frame waits for its sky.
  public var sky: Double
  /// An incomplete file unchanged for so long is truncated.
  public var truncated: Double

  public init(quiet: Double = 300, overhead: Double = 60, sky: Double = 3600, truncated: Double = 120) {
    self.quiet = quiet
    self.overhead = overhead
    self.sky = sky
    self.truncated = truncated
  }

  /// Quiet time of a sequence of exposures of so many seconds.
  func quiet(exposureSeconds: Double) -> Double { max(quiet, 3 * exposureSeconds + overhead) }
}
