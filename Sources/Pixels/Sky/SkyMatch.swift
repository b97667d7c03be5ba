/// How the skies of overlapping frames are evened.
public struct SkyMatchOptions: Sendable, Equatable {
  /// What is fitted to each frame.
  public enum Surface: String, Sendable, CaseIterable { case level, plane }
  /// What the levels are counted from, which differences do not tell: their mean, the lowest, or the first frame.
  public enum Anchor: String, Sendable, CaseIterable { case mean, minimum, first }

  /// What is fitted.
  public var surface: Surface
  /// What levels are counted from.
  public var anchor: Anchor
  /// Two frames overlap when they have this many blocks in common.
  public var minimumBlocks: Int
  /// Blocks farther than this many sigmas (of the MAD) from the median difference of two frames are left out of planes.
  public var kappa: Float

  /// Options: a level for each frame, their mean 0, 4 blocks, 3 sigma.
  public init(
    surface: Surface = .level, anchor: Anchor = .mean, minimumBlocks: Int = 4, kappa: Float = 3
  ) {
    self.surface = surface
    self.anchor = anchor
    self.minimumBlocks = minimumBlocks
    self.kappa = kappa
  }
}

/// The surfaces to subtract from frames so that they agree where they overlap.
public struct SkyMatch: Sendable, Equatable {
  /// `level + slope . (place - center)` of one frame.
  public struct Surface: Sendable, Equatable {
    /// At the frame's centre.
    public var level: Double
    /// Per pixel along x and y; 0 of a level.
    public var slope: SIMD2<Double>
    /// The centre, in pixels from 0.
    public var center: SIMD2<Double>

    /// The surface at a place of the frame.
    public func value(at place: SIMD2<Double>) -> Double { level + (slope * (place - center)).sum() }
  }

  /// Two frames that overlap.
  public struct Pair: Sendable, Equatable {
    /// The frame whose blocks were compared.
    public let first: Int
    /// The frame they were compared with.
    public let second: Int
    /// Blocks compared.
    public let blocks: Int
    /// Median of first less second.
    public let difference: Double
  }

  /// What to subtract from each frame; 0 of one that overlaps no other.
  public let surfaces: [Surface]
  /// The overlaps.
  public let pairs: [Pair]
  /// Frames that hang together by overlaps, in groups; levels of two groups have nothing to do with each other.
  public let groups: [[Int]]
  /// Differences of pairs that are left, root of their mean square weighed by blocks; NaN without a pair.
  public let residual: Double
}

/// Finds the level (or plane) of each frame that makes overlapping frames agree: the median differences of all pairs of
/// frames at the same places of the sky, by least squares over all pairs, weighed by blocks.
///
/// Sources stand at the same place of the sky in both frames and cancel. (The scheme of the `match` method of the JWST
/// skymatch step, on blocks in the place of pixels.)
/// - Parameters:
///   - frames: the skies of the frames in blocks.
///   - options: level or plane, anchor.
///   - places: where the centres of a frame's blocks lie in another frame, in its pixels from 0 and in the order of the
///     blocks; not finite where nowhere. Nil when the two are known not to overlap.
public func matchSkies(
  _ frames: [SkyBlocks], options: SkyMatchOptions = SkyMatchOptions(),
  places: (_ blocksOf: Int, _ inFrame: Int) -> [SIMD2<Double>]?
) -> SkyMatch {
  var overlaps: [SkyOverlap] = []
  for i in frames.indices {
    for j in frames.indices where j > i {
      guard let found = places(i, j) else { continue }
      let overlap = SkyOverlap(i, j, frames, found, keepsSamples: options.surface == .plane)
      if overlap.count >= max(options.minimumBlocks, 1) { overlaps.append(overlap) }
    }
  }
  return SkyLeveling(frames: frames, overlaps: overlaps, options: options).solved()
}

/// The blocks that two frames have in common.
struct SkyOverlap {
  /// Small: there are as many of them as blocks in all pairs together.
  struct Sample {
    /// The block of the first frame.
    let block: Int32
    /// First less second.
    let difference: Float
    /// Its place in the second frame.
    let second: SIMD2<Float>
  }

  let i, j: Int
  /// Blocks compared.
  let count: Int
  let median: Double
  /// Empty unless they are kept.
  let samples: [Sample]

  init(_ i: Int, _ j: Int, _ frames: [SkyBlocks], _ places: [SIMD2<Double>], keepsSamples: Bool) {
    (self.i, self.j) = (i, j)
    let found: [Sample] = frames[i].medians.indices.compactMap { k in
      guard places[k].x.isFinite, places[k].y.isFinite else { return nil }
      let difference = frames[i].medians[k] - frames[j].value(at: places[k])
      guard difference.isFinite else { return nil }
      return Sample(block: Int32(k), difference: difference, second: SIMD2<Float>(places[k]))
    }
    count = found.count
    median = found.isEmpty ? .nan : SampleStatistics.median(found.map { Double($0.difference) })
    samples = keepsSamples ? found : []
  }

  /// The samples within `kappa` sigmas of the median.
  func clipped(_ kappa: Double) -> [Sample] {
    let sigma = madToSigma * SampleStatistics.median(samples.map { abs(Double($0.difference) - median) })
    return samples.filter { abs(Double($0.difference) - median) <= kappa * sigma }
  }
}
