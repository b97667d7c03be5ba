/// What a distortion is solved from: objects of known or nearly known places, seen at pixels in one or more
/// exposures.
///
/// The model of an object `k` in an exposure `j`: `U_j(p + f(p)) = q_k + d_k`, where `f` is the distortion of
/// the detector, `U_j` a shift, turn and scale, `q_k` the object's nominal place and `d_k` how far it really
/// is from it: 0, or a normal deviate of standard deviation `freedom` (pinholes of a mask that are off by the
/// mask maker's tolerance, self-calibration as in Service et al. 2019), or anything.
public struct DistortionProblem: Sendable {
  /// One object in one exposure.
  public struct Observation: Sendable {
    public var exposure: Int
    public var object: Int
    /// FITS pixel (the centre of the first pixel is 1).
    public var pixel: PixelPosition
    /// One sigma of each coordinate, pixels.
    public var error: Double

    public init(exposure: Int, object: Int, pixel: PixelPosition, error: Double) {
      (self.exposure, self.object, self.pixel, self.error) = (exposure, object, pixel, error)
    }
  }

  /// The detector.
  public var width: Int
  public var height: Int
  /// Nominal places of the objects in any unit and turn, but not mirrored.
  public var objects: [PixelPosition]
  /// Standard deviation of objects about their places, pixels: 0 when they are exact, infinite when nothing
  /// is known.
  public var freedom: Double
  public var observations: [Observation]
  /// Whether all exposures have the same scale. Without it the part of a quadratic distortion that keeps
  /// angles cannot be told from scales that change with the dithers, when the places of the objects are
  /// hardly known; when nothing is known of them the scale is that of the first guess.
  public var hasOneScale: Bool
  /// Highest total order of the distortion.
  public var order: Int
  /// Observations farther off than this many sigmas (of the MAD) in a coordinate are left out.
  public var kappa: Double
  /// Rounds of fit and rejection at most.
  public var rounds: Int
  /// Refusals: a fit whose residuals are greater, pixels.
  public var largestRMS: Double
  /// A part of the detector without objects greater than this share.
  public var largestHole: Double

  public init(
    width: Int, height: Int, objects: [PixelPosition], freedom: Double = 0, observations: [Observation],
    hasOneScale: Bool = false, order: Int = 4, kappa: Double = 3, rounds: Int = 10, largestRMS: Double = 0.1,
    largestHole: Double = 0.25
  ) {
    (self.width, self.height, self.objects, self.freedom) = (width, height, objects, freedom)
    (self.observations, self.order, self.kappa, self.rounds) = (observations, order, kappa, rounds)
    self.hasOneScale = hasOneScale
    (self.largestRMS, self.largestHole) = (largestRMS, largestHole)
  }
}

/// A solved distortion.
public struct DistortionSolution: Sendable {
  /// About the detector's middle, in the gauge that has no shift, turn or scale there; with the way back.
  public var distortion: SIPDistortion
  /// Pixels that are undistorted to the objects' unit, of each exposure.
  public var exposures: [PlaneTransform]
  /// How far each object is from its nominal place, in undistorted pixels of the first exposure; 0 unless
  /// objects are free.
  public var offsets: [PixelPosition]
  /// Whether an observation counted.
  public var isUsed: [Bool]
  /// What is left of each observation, pixels.
  public var residuals: [PixelPosition]
  /// Root mean square of the residuals that count, for each coordinate, pixels.
  public var rms: Double
  /// The greatest connected part of the detector without an object, as a share.
  public var hole: Double
}
