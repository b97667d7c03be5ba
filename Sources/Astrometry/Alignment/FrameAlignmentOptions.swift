/// How frames are brought onto each other.
public struct FrameAlignmentOptions: Sendable {
  /// What may change of a frame's place.
  public enum Geometry: String, Sendable, CaseIterable {
    /// Its place.
    case shift
    /// Its place and its turn.
    case rshift
    /// Its place, its turn and its scale.
    case rscale
    /// Any linear map.
    case general

    /// Numbers that are fitted for each frame.
    var unknowns: Int {
      switch self {
      case .shift: 2
      case .rshift: 3
      case .rscale: 4
      case .general: 6
      }
    }
  }

  public var geometry: Geometry
  /// How stars are found again in another frame.
  public var match: StarMatch
  /// Matches whose difference is greater than this many sigmas (of their MAD) are left out.
  public var kappa: Double
  /// Rounds of fit and rejection at most.
  public var rounds: Int
  /// No position is taken to be known better than this.
  public var leastError: Double

  public init(
    geometry: Geometry = .rscale, match: StarMatch, kappa: Double = 3, rounds: Int = 10,
    leastError: Double = 0.01
  ) {
    self.geometry = geometry
    self.match = match
    self.kappa = kappa
    self.rounds = rounds
    self.leastError = leastError
  }
}

/// Positions of stars in a plane that all frames share, with their errors (one sigma of each coordinate).
public struct StarList: Sendable {
  public var positions: [PixelPosition]
  public var errors: [Double]

  /// - Precondition: there is an error of each position.
  public init(positions: [PixelPosition], errors: [Double]) {
    precondition(positions.count == errors.count, "\(errors.count) errors of \(positions.count) positions")
    (self.positions, self.errors) = (positions, errors)
  }
}

/// Where a frame belongs, by its stars.
public struct AlignedFrame: Sendable {
  /// Takes its positions to where they belong, or, in a group of its own, to where that group's first frame says; nil
  /// when too few of its stars match those of any other.
  public var map: PlaneTransform?
  /// 0 when stars connect it with the reference or the catalog; 1, 2 … of frames that stars connect with each other
  /// only; nil when it is alone.
  public var group: Int?
  /// Stars of it that count: matched with another frame or the catalog, and not rejected.
  public var stars: Int
  /// Matches that were rejected.
  public var rejected: Int
  /// Root mean square, for each coordinate, of what is left between it and what it was matched with.
  public var rms: Double
}
