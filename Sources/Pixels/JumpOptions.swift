import Glibc

/// How jumps are looked for in ramps: charge that a cosmic ray left between two reads.
public struct JumpOptions: Sendable, Equatable {
  /// What a difference of two reads is held against.
  public enum Method: Sendable, Equatable {
    /// The median difference of the pixel and the noise expected of it (Anderson & Gordon 2011, PASP 123, 1237).
    case twoPoint
    /// The fit of the others: how much better chi squared is without one difference, or without two successive ones
    /// (Brandt 2024, PASP 136, 045005).
    case likelihood
  }

  /// Reads that are flagged too for a while after a large jump, for the transient that it leaves.
  public struct Transient: Sendable, Equatable {
    /// The least size of such a jump in data numbers.
    public var counts: Float
    /// Seconds after the jump's read.
    public var seconds: Double

    /// Creates a rule.
    public init(counts: Float, seconds: Double) {
      self.counts = counts
      self.seconds = seconds
    }
  }

  /// The test.
  public var method: Method
  /// Seconds of each read, per integration, rising.
  public var times: [[Double]]
  /// Electrons per data number: one for all, and where a plane has no number.
  public var gain: Float?
  /// Read noise of a single read in electrons: one for all, and where a plane has no number.
  public var readNoise: Float?
  /// The gain of each pixel.
  public var gainPlane: Plane<Float>?
  /// The read noise of each pixel.
  public var readNoisePlane: Plane<Float>?
  /// A read at or above this level, and all later ones of its integration, are not used; nil for no cut.
  public var saturation: Float?
  /// Sigma from which a difference is a jump. Two-sided 4 would fail 0.1 % of ramps of 20 reads.
  public var rejection: Float = 4.5
  /// The same for `twoPoint` where three differences are left, and where two are: their median says little.
  public var rejectionOfThree: Float = 5
  public var rejectionOfTwo: Float = 6
  /// Jumps between these sigma have the same read of their four neighbours flagged; nil for none. Smaller ones leave
  /// nothing there, and greater ones saturate.
  public var neighbours: ClosedRange<Float>? = 10...200
  /// Rules for reads after large jumps.
  public var transients: [Transient] = []

  /// Options for reads at the given times.
  public init(
    method: Method = .twoPoint, times: [[Double]], gain: Float? = nil, readNoise: Float? = nil,
    gainPlane: Plane<Float>? = nil, readNoisePlane: Plane<Float>? = nil
  ) {
    self.method = method
    self.times = times
    self.gain = gain
    self.readNoise = readNoise
    self.gainPlane = gainPlane
    self.readNoisePlane = readNoisePlane
  }

  /// Least improvement of chi squared by leaving out one difference: 20.25 for 4.5 sigma.
  public var chiSquaredOfOne: Float { rejection * rejection }
  /// The same for two successive differences, as improbable: 23.8 for 4.5 sigma.
  public var chiSquaredOfTwo: Float { Float(-2 * log(erfc(Double(rejection) / 2.0.squareRoot()))) }

  /// Checks the options against a ramp's shape.
  ///
  /// - Throws: `times-shape`, `times-order`, `gain-value` and `noise-value` as `RampFitOptions.validate`;
  ///   `noise-unknown` without gain or read noise; `threshold-value` for thresholds that are not positive.
  public func validate(integrations: Int, reads: Int) throws(PixelsError) {
    try RampFitOptions(times: times, gain: gain, readNoise: readNoise).validate(
      integrations: integrations, reads: reads)
    guard gain != nil || gainPlane != nil, readNoise != nil || readNoisePlane != nil else {
      throw PixelsError(
        code: "noise-unknown", message: "jumps cannot be told from noise without gain and read noise",
        subject: "jump")
    }
    for threshold in [rejection, rejectionOfThree, rejectionOfTwo] where !(threshold > 0 && threshold < 35) {
      throw PixelsError(
        code: "threshold-value", message: "\(threshold) sigma is not a threshold",
        subject: "rejection_threshold"
      )
    }
  }
}
