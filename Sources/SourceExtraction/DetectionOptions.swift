import Pixels

/// What counts as a source.
public struct DetectionOptions: Sendable, Equatable {
  /// Pixels above this many standard deviations of the noise, in the filtered image; of the noise of a pixel, which the
  /// filter lowers, unless it is a matched filter: 1.5 through the pyramid is 4 times what noise is left.
  public var threshold: Float
  /// At least this many connected pixels.
  public var minimumArea: Int
  /// The filter before the threshold, row by row; nil for none.
  public var kernel: Kernel?
  /// Whether the filter weighs by the noise (a matched filter) or is a plain convolution.
  public var isMatched: Bool
  /// Levels at which a source is looked at to separate neighbours.
  public var deblendingLevels: Int
  /// Share of the flux that a separated part must have.
  public var deblendingContrast: Double
  /// Beta of the Moffat wings in which fainter sources are taken for noise of brighter ones; nil for none.
  public var cleaning: Double?

  /// A filter of odd sides.
  public struct Kernel: Sendable, Equatable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Weights, row by row; their scale does not matter.
    public let weights: [Float]

    /// - Precondition: there are `width * height` weights.
    public init(width: Int, height: Int, weights: [Float]) {
      precondition(weights.count == width * height && width % 2 == 1 && height % 2 == 1, "a kernel's shape")
      self.width = width
      self.height = height
      self.weights = weights
    }

    /// SExtractor's default: a pyramid of 3 x 3.
    public static let pyramid = Kernel(width: 3, height: 3, weights: [1, 2, 1, 2, 4, 2, 1, 2, 1])
  }

  /// Options with SExtractor's defaults: 1.5 sigma, 5 pixels, convolution with the pyramid, 32 levels, 0.005, cleaning
  /// 1. (SEP's Python face takes the pyramid for a matched filter.)
  public init(
    threshold: Float = 1.5, minimumArea: Int = 5, kernel: Kernel? = .pyramid, isMatched: Bool = false,
    deblendingLevels: Int = 32, deblendingContrast: Double = 0.005, cleaning: Double? = 1
  ) {
    self.threshold = threshold
    self.minimumArea = minimumArea
    self.kernel = kernel
    self.isMatched = isMatched
    self.deblendingLevels = deblendingLevels
    self.deblendingContrast = deblendingContrast
    self.cleaning = cleaning
  }
}

/// The noise that a threshold is counted in.
public enum DetectionNoise: Sendable {
  /// One standard deviation for all pixels.
  case constant(Float)
  /// One for each pixel.
  case image(Plane<Float>)
}
