/// Cosmic rays that were found in an image.
public struct CosmicRays: Sendable {
  /// The pixels that were hit.
  public let mask: PixelMask
  /// The image with every ray replaced, and what was not finite or was masked (see `CosmicRayOptions.repairsMasked`):
  /// to look at, not to measure in.
  public let cleaned: Plane<Float>
  /// New pixels of every round.
  public let found: [Int]

  /// The share of the image's pixels that were hit.
  public var fraction: Double {
    Double(mask.count) / Double(max(mask.width * mask.height, 1))
  }
}

/// Finds cosmic rays in a single image by their sharp edges (van Dokkum 2001, PASP 113, 1420: L.A.Cosmic).
///
/// The image, in electrons, is subsampled by 2 and its positive Laplacian L+ binned back. S = L+ / 2N, with N the noise
/// of the median-smoothed image, and S' = S less its median. A ray has S' above `sigmaClip` and S' above `objectLimit`
/// times the fine structure F; neighbours join it at `sigmaFraction` of the limit. Rays are replaced and the image is
/// searched again. What is within 3 pixels (2 with full medians) of the image's border, where there is no median, is
/// never flagged. As the published program and astroscrappy do, S' is compared with F in units of noise, not L+.
///
/// Rounds after the first look again only at what a replacement can have changed; the result is the same.
/// - Parameters:
///   - image: any unit; `options.gain` makes electrons of it. Pixels that are not finite are masked.
///   - excluded: pixels that are no rays whatever they look like.
///   - saturated: cores of saturated stars: left alone, with 4 pixels about them, and never replaced.
///   - background: a level in the image's unit that is no structure; it is subtracted, and counts in the noise.
///   - subtractedLevel: what was subtracted from the image before; it counts in the noise.
///   - noise: how the noise of each pixel is known.
/// - Throws: `option-out-of-range` and `shape-mismatch`.
public func findCosmicRays(
  in image: Plane<Float>, excluding excluded: PixelMask? = nil, saturated: PixelMask? = nil,
  background: Plane<Float>? = nil, subtractedLevel: Float = 0, noise: CosmicRayNoise,
  options: CosmicRayOptions = CosmicRayOptions()
) throws(PixelsError) -> CosmicRays {
  try options.check()
  let shapes = [
    ("mask", excluded.map { ($0.width, $0.height) }), ("saturated", saturated.map { ($0.width, $0.height) }),
    ("background", background.map { ($0.width, $0.height) }),
    ("variance", noise.plane.map { ($0.width, $0.height) }),
  ]
  for case (let name, let shape?) in shapes where shape != (image.width, image.height) {
    throw PixelsError(
      code: "shape-mismatch",
      message: "\(shape.0) x \(shape.1) pixels for an image of \(image.width) x \(image.height)",
      subject: name)
  }
  var search = CosmicRaySearch(
    image, excluding: excluded, saturated: saturated, background: background, level: subtractedLevel,
    noise: noise, options: options)
  return search.run()
}

extension CosmicRayNoise {
  /// The variance that comes with it.
  fileprivate var plane: Plane<Float>? {
    switch self {
    case .counts: nil
    case .photonsAnd(let plane), .variance(let plane): plane
    }
  }
}
