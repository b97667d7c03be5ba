import Pixels

/// How sources are kept out of the sky of dithered frames, and when that is good enough.
public struct ScaledSkyOptions: Sendable, Equatable {
  /// The search in each frame.
  public var search: SourceMaskOptions
  /// The search in the stack of all frames.
  public var deepSearch: SourceMaskOptions
  /// Rounds of sky, stack and search at most.
  public var maximumRounds: Int
  /// It ends with a round that masks less than this share of the pixels anew.
  public var convergence: Double
  /// A field is crowded when sources cover more than this share of its frames.
  public var crowdedShare: Double
  /// Whether what all frames have in common on the detector is taken away before the first search: only what the dithers
  /// moved is found then, not the detector's own structure. It takes three frames.
  public var flattens: Bool
  /// Whether the search in each frame is at half its size, four times faster, when a stack will be searched at full size.
  public var isFirstSearchCoarse: Bool
  /// S of all frames are kept in memory between the passes of a round when they take no more bytes, else made anew.
  public var memoryLimit: Int

  /// Options with the house's defaults: 1.5 sigma, 5 pixels, dilation 4, one search in each frame and in the stack, 5
  /// rounds, 0.1 %, crowded at 50 %, flattened, 1.5 GiB.
  public init(
    search: SourceMaskOptions = SourceMaskOptions(maximumRounds: 1),
    deepSearch: SourceMaskOptions = SourceMaskOptions(maximumRounds: 1), maximumRounds: Int = 5,
    convergence: Double = 1e-3, crowdedShare: Double = 0.5, flattens: Bool = true,
    isFirstSearchCoarse: Bool = true,
    memoryLimit: Int = 3 << 29
  ) {
    self.search = search
    self.deepSearch = deepSearch
    self.maximumRounds = maximumRounds
    self.convergence = convergence
    self.crowdedShare = crowdedShare
    self.flattens = flattens
    self.isFirstSearchCoarse = isFirstSearchCoarse
    self.memoryLimit = memoryLimit
  }
}

/// The skies of dithered frames, sources masked.
public struct ScaledSky: Sendable {
  /// Levels, masks and skies.
  public var sky: DitherSky
  /// Rounds of sky, stack and search that were done.
  public var rounds = 0
  /// The share of pixels that each round masked anew.
  public var added: [Double] = []
  /// The sources that the last search of the stack found; nil without a stack.
  public var deepSources: Int?
  /// The share of pixels masked, median over the frames.
  public var maskedShare = 0.0
  /// Whether sources cover too much of the frames for neighbours to tell each other's sky.
  public var isCrowded = false
}
