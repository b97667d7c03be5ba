import Synchronization

/// The state of a search for cosmic rays, round by round.
struct CosmicRaySearch {
  /// What a pixel is: bits of `marks`.
  enum Mark {
    static let blocked: UInt8 = 1
    static let ray: UInt8 = 2
    static let grown: UInt8 = 4
  }

  let width: Int
  let height: Int
  let options: CosmicRayOptions
  let medians: CosmicRayMedians
  /// The image in electrons, without the background; rays are replaced as they are found.
  var image: Plane<Float>
  /// The part of the variance that a median smooths, and what is added to it as it is.
  var smoothed: Plane<Float>
  let added: Plane<Float>?
  let addedLevel: Float
  /// What was subtracted from `image`, in electrons.
  let background: Plane<Float>?
  var marks: Plane<UInt8>
  var significance: Plane<Float>
  var noise: Plane<Float>
  private var found: [Int] = []

  init(
    image: Plane<Float>, smoothed: Plane<Float>, added: Plane<Float>?, addedLevel: Float,
    background: Plane<Float>?, marks: Plane<UInt8>, options: CosmicRayOptions
  ) {
    (width, height) = (image.width, image.height)
    self.options = options
    medians = CosmicRayMedians(options.medians)
    self.image = image
    self.smoothed = smoothed
    self.added = added
    self.addedLevel = addedLevel
    self.background = background
    self.marks = marks
    significance = Plane(uninitializedWidth: width, height: height) { _ in }
    noise = Plane(uninitializedWidth: width, height: height) { _ in }
  }

  /// Searches until nothing new is found.
  mutating func run() -> CosmicRays {
    let all = CosmicRayTile.tiles(width: width, height: height)
    var tiles = all
    for _ in 0..<options.maximumIterations {
      let new = grow(cores(in: tiles))
      found.append(new.count)
      if new.isEmpty { break }
      let changed = replaceRays(about: new)
      tiles = tilesNear(changed, of: all)
    }
    return result()
  }

  /// Computes S' in some tiles and tells the pixels there that are sharper than a star.
  private mutating func cores(in tiles: [CosmicRayTile]) -> [Int] {
    let pass = CosmicRayTilePass(
      width: width, height: height, medians: medians, image: image.laneBase, smoothed: smoothed.laneBase,
      added: added?.laneBase, addedLevel: addedLevel, significance: significance.filledBase(),
      noise: noise.filledBase())
    forEachTile(tiles) { pass.run($0) }
    let structure = fineStructure
    let (limit, clip, marks, values, width) = (
      options.objectLimit, options.sigmaClip, marks.laneBase, significance.laneBase, width
    )
    let cores = Mutex<[Int]>([])
    forEachTile(tiles) { tile in
      var own: [Int] = []
      for y in tile.rows {
        for x in tile.columns where values.base[y * width + x] > clip {
          let i = y * width + x
          if marks.base[i] & Mark.blocked == 0, values.base[i] / structure.value(x: x, y: y) > limit {
            own.append(i)
          }
        }
      }
      if !own.isEmpty { cores.withLock { $0 += own } }
    }
    // Threads end in any order.
    return withExtendedLifetime((image, smoothed, added, self.marks)) { cores.withLock { $0.sorted() } }
  }

  private var fineStructure: CosmicRayFineStructure {
    CosmicRayFineStructure(
      width: width, height: height, image: image.laneBase, noise: noise.laneBase, options: options)
  }

  /// The cores and their neighbours that stand out, and then the neighbours of those by a lower limit; the rays that
  /// were not known.
  private mutating func grow(_ cores: [Int]) -> [Int] {
    let (width, height) = (width, height)
    let (clip, low) = (options.sigmaClip, options.sigmaFraction * options.sigmaClip)
    return marks.withUnsafeMutableBuffer { marks in
      significance.withUnsafeBuffer { significance in
        func neighbours(of pixels: [Int], above limit: Float, raising mark: UInt8) -> [Int] {
          var joined: [Int] = []
          for i in pixels {
            let (x, y) = (i % width, i / width)
            for v in max(y - 1, 0)...min(y + 1, height - 1) {
              for k in v * width + max(x - 1, 0)...v * width + min(x + 1, width - 1)
              where significance[k] > limit && marks[k] & (Mark.blocked | mark) == 0 {
                marks[k] |= mark
                joined.append(k)
              }
            }
          }
          return joined
        }
        let near = neighbours(of: cores, above: clip, raising: Mark.grown)
        let new = neighbours(of: near, above: low, raising: Mark.ray)
        for i in near { marks[i] &= ~Mark.grown }
        return new
      }
    }
  }

  /// Replaces new rays and those that new ones were used for, from good pixels only; those whose value, or variance, is
  /// another than before.
  private mutating func replaceRays(about new: [Int]) -> [Int] {
    var touched: Set<Int> = []
    for i in new {
      let (x, y) = (i % width, i / width)
      for v in max(y - 2, 0)..<min(y + 3, height) {
        for u in max(x - 2, 0)..<min(x + 3, width) where marks[u, v] & Mark.ray != 0 {
          touched.insert(v * width + u)
        }
      }
    }
    let replacement = CosmicRayReplacement(kind: options.replacement, width: width, height: height)
    let pixels = touched.sorted()
    return replacement.replace(pixels, in: &image, marks) + replacement.replace(pixels, in: &smoothed, marks)
  }

  /// The tiles in which a change at some pixels can make a difference.
  private func tilesNear(_ pixels: [Int], of all: [CosmicRayTile]) -> [CosmicRayTile] {
    // S' depends on the median of S, and the noise in that on another median.
    // The search grows by one pixel twice from what S' says.
    let reach = max(2 * medians.half, medians.half + 1, fineStructure.reach) + 2
    let perRow = (width + CosmicRayTile.width - 1) / CosmicRayTile.width
    var isNear = [Bool](repeating: false, count: all.count)
    for i in pixels {
      let (x, y) = (i % width, i / width)
      let columns = max(x - reach, 0) / CosmicRayTile.width...min(x + reach, width - 1) / CosmicRayTile.width
      for row in max(y - reach, 0) / CosmicRayTile.height...min(y + reach, height - 1) / CosmicRayTile.height
      {
        for column in columns { isNear[row * perRow + column] = true }
      }
    }
    return all.indices.filter { isNear[$0] }.map { all[$0] }
  }

  private func result() -> CosmicRays {
    let mask = PixelMask(nonZero: marks.map { $0 & Mark.ray })
    let (gain, width, height) = (options.gain, width, height)
    let cleaned = Plane<Float>(uninitializedWidth: width, height: height) { out in
      let (image, background) = (image.laneBase, background?.laneBase)
      // Bands are disjoint, so no two threads write the same pixel.
      nonisolated(unsafe) let out = out
      forEachPixelBand(count: out.count) { band in
        for i in band { out[i] = (image.base[i] + (background?.base[i] ?? 0)) / gain }
      }
    }
    return withExtendedLifetime((image, background)) {
      CosmicRays(mask: mask, cleaned: cleaned, found: found)
    }
  }
}

/// Work on tiles, sixteen at a time, on all cores.
private func forEachTile(_ tiles: [CosmicRayTile], _ body: @Sendable (CosmicRayTile) -> Void) {
  forEachRowBand(height: tiles.count, width: 1 << 14) { for i in $0 { body(tiles[i]) } }
}

extension Plane {
  /// The plane's memory to fill; the caller holds the plane and shares it with nobody meanwhile.
  mutating func filledBase() -> FilledPixels<Element> {
    makeUnique()
    return FilledPixels(base: storage.base)
  }
}
