/// How cosmic rays are told from stars by their sharp edges (van Dokkum 2001, PASP 113, 1420: L.A.Cosmic).
public struct CosmicRayOptions: Sendable, Equatable {
  /// How medians of squares are taken.
  public enum Medians: Sendable, Equatable {
    /// Along rows, then along columns, over 7, 5 and 9 pixels: nearly the same and much faster.
    case separable
    /// Over squares of 5, 3 and 7 pixels, as published.
    case full
  }

  /// What a pixel is compared with to tell a ray from the core of a star.
  public enum FineStructure: Sendable, Equatable {
    /// The difference of a small and a large median: stars must be sampled by 2 pixels or more.
    case median
    /// The image convolved with the PSF, weighted with the inverse variance: for undersampled cores.
    case matched(PSFKernel)
  }

  /// What stands in for a ray while the search goes on.
  public enum Replacement: Sendable, Equatable {
    /// The mean of the good pixels of the 5 x 5 about it.
    case mean
    /// Their median, the lower middle one of an even number.
    case median
    /// Their mean, each weighted with the inverse of its distance.
    case inverseDistance
  }

  /// Rays stand out by this many sigmas in the Laplacian that is free of sampling noise.
  public var sigmaClip: Float
  /// Neighbours of a ray need this share of `sigmaClip`.
  public var sigmaFraction: Float
  /// A ray's Laplacian exceeds the fine structure this many times.
  public var objectLimit: Float
  /// Rounds at most; the search ends when a round finds nothing new.
  public var maximumIterations: Int
  /// How medians of squares are taken.
  public var medians: Medians
  /// What a pixel is compared with.
  public var fineStructure: FineStructure
  /// What stands in for a ray while the search goes on.
  public var replacement: Replacement
  /// Electrons per unit of the image; of a rate, gain times effective exposure time.
  public var gain: Float
  /// Areas at or above this many electrons are cores of saturated stars, and left alone.
  public var saturation: Float
  /// Whether masked pixels are replaced before the search. If so, their neighbours are searched; if not, neighbours of
  /// masked pixels are masked too.
  public var repairsMasked: Bool

  /// The defaults of the published program; units of the image are electrons.
  public init(
    sigmaClip: Float = 4.5, sigmaFraction: Float = 0.3, objectLimit: Float = 5, maximumIterations: Int = 4,
    medians: Medians = .separable, fineStructure: FineStructure = .median, replacement: Replacement = .mean,
    gain: Float = 1, saturation: Float = .infinity, repairsMasked: Bool = true
  ) {
    self.sigmaClip = sigmaClip
    self.sigmaFraction = sigmaFraction
    self.objectLimit = objectLimit
    self.maximumIterations = maximumIterations
    self.medians = medians
    self.fineStructure = fineStructure
    self.replacement = replacement
    self.gain = gain
    self.saturation = saturation
    self.repairsMasked = repairsMasked
  }

  /// Throws unless every number makes sense.
  func check() throws(PixelsError) {
    let numbers = [("sigmaClip", sigmaClip), ("objectLimit", objectLimit), ("gain", gain)]
    for (name, value) in numbers where !(value > 0 && value.isFinite) {
      throw PixelsError(code: "option-out-of-range", message: "\(value) is not above 0", subject: name)
    }
    guard sigmaFraction > 0, sigmaFraction <= 1 else {
      throw PixelsError(
        code: "option-out-of-range", message: "\(sigmaFraction) is not in 0…1", subject: "sigmaFraction")
    }
    guard maximumIterations > 0 else {
      throw PixelsError(
        code: "option-out-of-range", message: "there must be a round", subject: "maximumIterations")
    }
  }
}

/// What is known of the noise in an image that is searched for cosmic rays.
public enum CosmicRayNoise: Sendable {
  /// Photon noise of the image itself, and a read noise in electrons.
  case counts(readNoise: Float)
  /// Photon noise of the image itself, and a variance of everything else, in squared units of the image.
  case photonsAnd(Plane<Float>)
  /// A variance in squared units of the image; it is smoothed by a median, since a ray is in its photon noise.
  case variance(Plane<Float>)
}
