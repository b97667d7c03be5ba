import Pixels

/// Finds levels, sources and so the skies of dithered frames by the iterative method (Clement 2012, ALGORITHMS 1.7).
///
/// 1. Each frame less its clipped median (and less what all frames have in common) is searched for sources.
/// 2. Each frame's sky is the median of its neighbours beside their sources; its level is measured anew beside its own.
/// 3. The frames less their skies are stacked by whole pixels and the stack is searched: it shows fainter sources,
///    which are masked in every frame. Again from 2 until nothing much is new.
///
/// Never all frames are in memory: bands of rows of them, up to four frames, the stack, and S of all frames where that fits
/// `memoryLimit`.
/// - Parameters:
///   - sky: the frames; levels and masks that it has are where the search begins (levels are measured first).
///   - shifts: where the frames lie from each other in whole pixels; nil where that is not known: then each frame less
///     its sky is searched in the place of the stack.
///   - options: searches, rounds.
/// - Throws: what the searches throw (`SourceExtractionError`), `PixelsError`, and what reading throws.
public func scaledSky(
  _ sky: DitherSky, shifts: [PixelShift]?, options: ScaledSkyOptions = ScaledSkyOptions()
) throws -> ScaledSky {
  var search = ScaledSkySearch(sky, shifts, options)
  try search.measureLevels()
  try search.searchFrames()
  while !search.isDone { try search.round() }
  return search.result
}

/// The state of the iteration.
private struct ScaledSkySearch: Sendable {
  private(set) var result: ScaledSky
  /// Pixels that tell levels on the way: those of the settled skies are measured anew.
  private static let few = 1 << 18
  private let options: ScaledSkyOptions
  private let canvas: ShiftedFrames?
  private var isSettled = false

  init(_ sky: DitherSky, _ shifts: [PixelShift]?, _ options: ScaledSkyOptions) {
    result = ScaledSky(sky: sky)
    self.options = options
    let canvas = shifts.map { ShiftedFrames(width: sky.width, height: sky.height, shifts: $0) }
    // Frames that hardly overlap make a stack that is no deeper than they are.
    self.canvas = canvas.flatMap { $0.growth <= 4 ? $0 : nil }
  }

  var isDone: Bool { isSettled || result.isCrowded || result.rounds >= options.maximumRounds }

  private var frames: Range<Int> { 0..<result.sky.frameCount }
  private var excluded: UInt32 { result.sky.options.excludedFlags | DQ.doNotUse }

  /// The median of each frame.
  mutating func measureLevels() throws {
    let sky = result.sky
    result.sky.levels = try concurrently(sky.frameCount) { try sky.level(of: $0, samples: Self.few) }
  }

  /// Looks for sources in each frame.
  mutating func searchFrames() throws {
    let common = try options.flattens && frames.count > 2 ? result.sky.commonPattern() : nil
    let search = self
    let found = try concurrently(frames.count) { i in
      var sky = search.result.sky
      var frame = try sky.frame(i, rows: 0..<sky.height)
      // A mesh of small numbers is exact; where nothing is common to the frames nothing can be searched.
      frame.value.subtract(sky.levels[i])
      if let common { frame.value.subtract(common) }
      sky.masks[i] = sky.masks[i].union(try search.sources(in: frame))
      return (mask: sky.masks[i], level: try sky.level(of: i, samples: Self.few))
    }
    result.sky.masks = found.map(\.mask)
    result.sky.levels = found.map(\.level)
    noteMasked()
  }

  /// What sources cover in a frame: at half its size where the stack will show what is faint.
  private func sources(in frame: Measured) throws -> PixelMask {
    guard canvas != nil, options.isFirstSearchCoarse, frame.width >= 16, frame.height >= 16 else {
      return try maskSources(
        in: frame.value, excluding: PixelMask(unusable: frame, flags: excluded), options: options.search
      ).sources
    }
    let (image, unusable) = frame.halfSize(excluding: excluded)
    guard unusable.count < image.count else { return PixelMask(width: frame.width, height: frame.height) }
    var (mesh, detection) = (options.search.mesh, options.search.detection)
    (mesh.boxWidth, mesh.boxHeight) = (max(mesh.boxWidth / 2, 1), max(mesh.boxHeight / 2, 1))
    detection.minimumArea = (detection.minimumArea + 1) / 2
    let background = try meshBackground(of: image, excluding: unusable, options: mesh)
    let found = try extractSources(
      from: background.subtracted(from: image), noise: .image(background.noiseImage()), excluding: unusable,
      options: detection)
    return found.mask.doubled(width: frame.width, height: frame.height).dilated(by: options.search.dilation)
  }

  /// One round: skies, levels, search, masks.
  mutating func round() throws {
    result.rounds += 1
    let settled = try result.sky.settled(keepingErrors: false, memoryLimit: options.memoryLimit)
    let before = result.sky.masks.reduce(0) { $0 + $1.count }
    if let canvas {
      try searchStack(canvas, settled)
    } else {
      try searchSubtracted(settled)
    }
    result.sky.levels = settled.levels
    let pixels = result.sky.width * result.sky.height * frames.count
    let added = result.sky.masks.reduce(0) { $0 + $1.count } - before
    result.added.append(Double(added) / Double(max(pixels, 1)))
    isSettled = added == 0 || Double(added) < options.convergence * Double(pixels)
    noteMasked()
  }

  private mutating func searchStack(_ canvas: ShiftedFrames, _ settled: SettledSky) throws {
    let combined = try canvas.combined(CombineOptions(method: .median, excludedFlags: excluded)) {
      try settled.subtracted($0, rows: $1)
    }
    let image = Self.evened(combined, of: frames.count)
    let unusable = PixelMask(unusable: combined.measured)
    guard unusable.count < image.count else { return }
    let found = try maskSources(in: image, excluding: unusable, options: options.deepSearch)
    result.deepSources = found.sourceCount
    for i in frames {
      result.sky.masks[i] = result.sky.masks[i].union(canvas.mask(found.sources, inFrame: i))
    }
  }

  /// The stack times the root of the share of frames at each pixel: its noise is even then, edges included, and a
  /// threshold means the same all over.
  private static func evened(_ combined: Combined, of frames: Int) -> Plane<Float> {
    let factors = (0...frames).map { (Float($0) / Float(frames)).squareRoot() }
    var image = combined.measured.value
    combined.count.withUnsafeBuffer { used in
      image.withUnsafeMutableBuffer { pixels in
        for i in pixels.indices where used[i] < frames { pixels[i] *= factors[Int(used[i])] }
      }
    }
    return image
  }

  private mutating func searchSubtracted(_ settled: SettledSky) throws {
    let (options, excluded) = (options, excluded)
    let found = try concurrently(frames.count) { i in
      let frame = try settled.subtracted(i, rows: 0..<settled.sky.height)
      return try maskSources(
        in: frame.value, excluding: PixelMask(unusable: frame, flags: excluded), options: options.deepSearch
      ).sources
    }
    for i in frames { result.sky.masks[i] = result.sky.masks[i].union(found[i]) }
  }

  private mutating func noteMasked() {
    let pixels = Double(max(result.sky.width * result.sky.height, 1))
    let shares = result.sky.masks.map { Double($0.count) / pixels }.sorted()
    guard !shares.isEmpty else { return }
    result.maskedShare = (shares[(shares.count - 1) / 2] + shares[shares.count / 2]) / 2
    result.isCrowded = result.maskedShare > options.crowdedShare
  }
}
