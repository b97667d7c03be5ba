/// How a deconvolution runs and when it ends.
public struct DeconvolutionOptions: Sendable, Equatable {
  /// Iterations at most.
  public var maximumIterations: Int
  /// It ends when an iteration moves less than this share of all light; 0: never.
  public var tolerance: Double
  /// It ends when chi squared per good pixel is at or below this; 0: never.
  public var chiSquaredGoal: Double
  /// A level in the image that the PSF did not spread (sky), in its unit; it is left out of the result.
  public var background: Float
  /// Side of the tiles that are transformed at once, pixels; with several PSFs each has its own, so that this
  /// is also how finely the PSF varies. Made larger where it is under twice the PSF's.
  public var tile: Int
  /// Whether each step is carried on along the way of the last ones, which saves most of the iterations
  /// (`Acceleration`).
  public var accelerates = true

  /// Options with the house's defaults: 50 iterations, 1e-3, chi squared 1, no background, tiles of 512.
  public init(
    maximumIterations: Int = 50, tolerance: Double = 1e-3, chiSquaredGoal: Double = 1, background: Float = 0,
    tile: Int = 512
  ) {
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
    self.chiSquaredGoal = chiSquaredGoal
    self.background = background
    self.tile = tile
  }

  /// - Throws: `deconvolution-option` with the option's name.
  func check() throws(DeconvolutionError) {
    let bad: (String, Bool)? = [
      ("maximumIterations", maximumIterations >= 1), ("tolerance", tolerance >= 0),
      ("chiSquaredGoal", chiSquaredGoal >= 0), ("background", background.isFinite), ("tile", tile >= 16),
    ].first { !$0.1 }
    guard let bad else { return }
    throw DeconvolutionError(
      code: "deconvolution-option", message: "a deconvolution cannot run with this value", subject: bad.0,
      hint: "at least one iteration, limits that are not negative, tiles of 16 pixels or more")
  }
}
