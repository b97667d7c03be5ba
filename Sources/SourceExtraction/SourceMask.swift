import Pixels

/// How the pixels of sources are found and how far their surroundings are masked.
public struct SourceMaskOptions: Sendable, Equatable {
  /// The background that sources stand on.
  public var mesh: MeshOptions
  /// What counts as a source.
  public var detection: DetectionOptions
  /// Pixels about each source that are masked too, a disc of this radius.
  public var dilation: Double
  /// How often the background is measured anew without the sources and these are looked for again, at most; it ends
  /// when a round adds fewer than 0.1 % of the pixels.
  public var maximumRounds: Int

  /// Options with the house's defaults: mesh 64, filter 3 x 3, 1.5 sigma, 5 pixels, 4 pixels of dilation, 5 rounds.
  public init(
    mesh: MeshOptions = MeshOptions(), detection: DetectionOptions = DetectionOptions(), dilation: Double = 4,
    maximumRounds: Int = 5
  ) {
    self.mesh = mesh
    self.detection = detection
    self.dilation = dilation
    self.maximumRounds = maximumRounds
  }
}

/// The pixels of an image that sources cover, and the background beside them.
public struct SourceMask: Sendable, Equatable {
  /// Sources and their surroundings.
  public var sources: PixelMask
  /// The background of the rest.
  public var background: MeshBackground
  /// How many sources the last round found.
  public var sourceCount: Int
  /// The last round in which sources were looked for.
  public var rounds: Int
}

/// Finds what sources cover in an image: its background mesh, the sources above it, the background without them, and
/// again until nothing new is found.
///
/// What one round masks stays masked for the background of the next, and is looked at again for sources.
/// - Parameters:
///   - image: values; NaN must be in `mask`.
///   - mask: pixels that may not be used; they are no part of the result's `sources` but where sources surround them.
///   - options: mesh, detection, dilation.
/// - Throws: what the mesh or the search throws.
public func maskSources(
  in image: Plane<Float>, excluding mask: PixelMask, options: SourceMaskOptions = SourceMaskOptions()
) throws(SourceExtractionError) -> SourceMask {
  var background = try meshBackground(of: image, excluding: mask, options: options.mesh)
  var sources = PixelMask(width: image.width, height: image.height)
  var count = 0
  var rounds = 0
  while rounds < options.maximumRounds {
    rounds += 1
    let catalog = try extractSources(
      from: background.subtracted(from: image), noise: .image(background.noiseImage()), excluding: mask,
      options: options.detection)
    count = catalog.sources.count
    let grown = sources.union(catalog.mask.dilated(by: options.dilation))
    let added = grown.count - sources.count
    guard added > 0 else { break }
    sources = grown
    background = try meshBackground(of: image, excluding: mask.union(sources), options: options.mesh)
    if Double(added) < 1e-3 * Double(image.count) { break }
  }
  return SourceMask(sources: sources, background: background, sourceCount: count, rounds: rounds)
}
