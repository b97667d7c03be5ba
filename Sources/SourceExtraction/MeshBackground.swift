import CSEP
import Pixels

/// The background and the noise of an image, as SExtractor and SEP define them: known at tiles, interpolated by
/// bicubic splines between them.
public struct MeshBackground: Sendable, Equatable {
  /// Pixels in a row of the image.
  public let width: Int
  /// Rows of the image.
  public let height: Int
  /// Tiles in a row.
  public var columns: Int { level.columns }
  /// Rows of tiles.
  public var rows: Int { level.rows }
  /// The median of the tiles' levels.
  public let globalLevel: Float
  /// The median of the tiles' standard deviations.
  public let globalNoise: Float
  /// Tiles with half of their pixels left and more; with none the background is 0 and means nothing.
  public let goodTiles: Int
  private let options: MeshOptions
  private let level: MeshNodes
  private let noise: MeshNodes

  init(
    width: Int, height: Int, options: MeshOptions, level: MeshNodes, noise: MeshNodes, goodTiles: Int
  ) {
    self.width = width
    self.height = height
    self.options = options
    self.level = level
    self.noise = noise
    self.goodTiles = goodTiles
    globalLevel = MeshNodes.median(level.values)
    globalNoise = Self.typicalNoise(noise.values)
  }

  /// The median of the noises; where it is 0, of those after the last one that is 0, else 1.
  private static func typicalNoise(_ values: [Float]) -> Float {
    let median = MeshNodes.median(values)
    if median > 0 { return median }
    guard let last = values.lastIndex(where: { !($0 > 0) }), last < values.count - 1 else { return 1 }
    return MeshNodes.median(Array(values[(last + 1)...]))
  }

  /// The background at every pixel.
  public func levelImage() -> Plane<Float> { image { sep_bkg_line($0, $1, $2, Int32(SEP_TFLOAT)) } }

  /// The background at every pixel of some rows.
  ///
  /// - Precondition: the rows are the image's.
  public func levelImage(rows: Range<Int>) -> Plane<Float> {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= height, "rows \(rows) of \(height)")
    let width = width
    return Plane<Float>(uninitializedWidth: width, height: rows.count) { out in
      guard let base = out.baseAddress else { return }
      // Bands are disjoint, so no two threads write the same pixel.
      nonisolated(unsafe) let target = base
      forEachLine(rows) { mesh, y in
        _ = sep_bkg_line(mesh, Int32(y), target + (y - rows.lowerBound) * width, Int32(SEP_TFLOAT))
      }
    }
  }

  /// The noise (one standard deviation) at every pixel.
  public func noiseImage() -> Plane<Float> { image { sep_bkg_rmsline($0, $1, $2, Int32(SEP_TFLOAT)) } }

  /// `image` without the background, as a new image.
  ///
  /// - Precondition: it is of the mesh's shape.
  public func subtracted(from image: Plane<Float>) -> Plane<Float> {
    precondition(image.width == width && image.height == height, "an image of another shape")
    let width = width
    return Plane<Float>(uninitializedWidth: width, height: height) { out in
      image.withUnsafeBuffer { source in
        guard let base = out.baseAddress, let first = source.baseAddress else { return }
        // Bands are disjoint, so no two threads write the same pixel.
        nonisolated(unsafe) let (target, values) = (base, first)
        forEachLine { mesh, y in
          let line = target + y * width
          _ = sep_bkg_line(mesh, Int32(y), line, Int32(SEP_TFLOAT))
          for x in 0..<width { line[x] = values[y * width + x] - line[x] }
        }
      }
    }
  }

  private func image(
    _ evaluate: @Sendable (UnsafePointer<sep_bkg>, Int32, UnsafeMutableRawPointer) -> Int32
  ) -> Plane<Float> {
    let width = width
    return Plane<Float>(uninitializedWidth: width, height: height) { out in
      guard let base = out.baseAddress else { return }
      // Bands are disjoint, so no two threads write the same pixel.
      nonisolated(unsafe) let target = base
      forEachLine { mesh, y in _ = evaluate(mesh, Int32(y), target + y * width) }
    }
  }

  /// Calls `body` with the mesh in the library's form for every row, or some, in bands on all cores.
  ///
  /// The library's lines read the mesh only and keep nothing; they fail for want of memory alone.
  private func forEachLine(
    _ lines: Range<Int>? = nil, _ body: @Sendable (UnsafePointer<sep_bkg>, Int) -> Void
  ) {
    let lines = lines ?? 0..<height
    var parts = [level.values, level.derivatives, noise.values, noise.derivatives]
    parts.withEachBase { bases in
      var mesh = sep_bkg()
      (mesh.w, mesh.h) = (Int32(width), Int32(height))
      (mesh.bw, mesh.bh) = (Int32(options.boxWidth), Int32(options.boxHeight))
      (mesh.nx, mesh.ny, mesh.n) = (Int32(columns), Int32(rows), Int32(columns * rows))
      (mesh.global, mesh.globalrms) = (globalLevel, globalNoise)
      (mesh.back, mesh.dback, mesh.sigma, mesh.dsigma) = (bases[0], bases[1], bases[2], bases[3])
      withUnsafePointer(to: mesh) { pointer in
        // All threads only read the mesh.
        nonisolated(unsafe) let shared = pointer
        forEachRowBand(height: lines.count, width: width) { rows in
          for y in rows { body(shared, lines.lowerBound + y) }
        }
      }
    }
  }
}

extension [[Float]] {
  /// Calls `body` with a pointer to the values of each array.
  fileprivate mutating func withEachBase(_ body: ([UnsafeMutablePointer<Float>?]) -> Void) {
    let flat = UnsafeMutablePointer<Float>.allocate(capacity: Swift.max(reduce(0) { $0 + $1.count }, 1))
    defer { flat.deallocate() }
    var bases: [UnsafeMutablePointer<Float>?] = []
    var next = flat
    for values in self {
      bases.append(next)
      next.initialize(from: values, count: values.count)
      next += values.count
    }
    body(bases)
  }
}

/// The background mesh of an image by the SEP library's own definition (Bertin & Arnouts 1996; Barbary 2016).
///
/// The statistics of tiles are the library's, taken in bands of whole tiles on all cores; a tile with fewer than
/// half of its pixels left gets the level of its nearest neighbours. The filter and the derivatives along y, which
/// go over bands, are ours by the same definition, so that the result is the library's to the last bits whatever
/// the bands.
/// - Parameters:
///   - image: values; NaN and those below -1e30 are left out, infinite ones must be masked.
///   - mask: pixels to leave out.
///   - options: tiles and filter; tiles larger than the image are cut to it.
/// - Throws: `box-size`, `filter-size`, or what the library says.
public func meshBackground(
  of image: Plane<Float>, excluding mask: PixelMask? = nil, options: MeshOptions = MeshOptions()
) throws(SourceExtractionError) -> MeshBackground {
  try options.validate()
  guard image.count > 0 else {
    throw SourceExtractionError(code: "no-pixels", message: "the image is empty", subject: "background mesh")
  }
  var options = options
  options.boxWidth = min(options.boxWidth, image.width)
  options.boxHeight = min(options.boxHeight, image.height)
  let tiles = try MeshTiles(image, excluding: mask?.plane, options)
  var (level, noise) = (tiles.level, tiles.noise)
  level.fill(tiles.bad, fallback: 0)
  noise.fill(tiles.bad, fallback: 1)
  let (oldLevel, oldNoise) = (level, noise)
  for k in tiles.bad.indices {
    let median = oldLevel.median(about: k, width: options.filterWidth, height: options.filterHeight)
    guard abs(Double(median - oldLevel.values[k])) >= options.filterThreshold else { continue }
    level.values[k] = median
    noise.values[k] = oldNoise.median(about: k, width: options.filterWidth, height: options.filterHeight)
  }
  level.differentiate()
  noise.differentiate()
  return MeshBackground(
    width: image.width, height: image.height, options: options, level: level, noise: noise,
    goodTiles: tiles.bad.count { !$0 })
}
