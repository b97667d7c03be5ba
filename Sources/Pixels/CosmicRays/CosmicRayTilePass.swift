/// S' of one tile: the sampling-free Laplacian in units of noise.
struct CosmicRayTilePass: Sendable {
  let width: Int
  let height: Int
  let medians: CosmicRayMedians
  /// The image, and the part of its variance that a median smooths.
  let image: SharedPixels<Float>
  let smoothed: SharedPixels<Float>
  /// What is added to the variance as it is.
  let added: SharedPixels<Float>?
  let addedLevel: Float
  /// Where S' and the noise go.
  let significance: FilledPixels<Float>
  let noise: FilledPixels<Float>

  /// Scratch memory of one tile: four images of the tile and its surroundings.
  private struct Scratch {
    let (a, b, c, d):
      (
        UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>,
        UnsafeMutablePointer<Float>
      )
    static let size = CosmicRayTile.stride * CosmicRayTile.rows

    init(_ base: UnsafeMutablePointer<Float>) {
      (a, b, c, d) = (base, base + Self.size, base + 2 * Self.size, base + 3 * Self.size)
    }
  }

  /// Fills `significance` and `noise` in the tile.
  func run(_ tile: CosmicRayTile) {
    // Sixteen more, as lanes reach past the last row.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * Scratch.size + 16) { memory in
      memory.initialize(repeating: 0)
      guard let base = memory.baseAddress else { return }
      let scratch = Scratch(base)
      noise(of: tile, scratch)
      laplacian(of: tile, scratch)
      medians.filter(
        scratch.a, to: scratch.b, scratch: scratch.c, columns: tile.columns.count, rows: tile.rows.count)
      subtract(tile, scratch)
    }
  }

  /// The noise of the tile and `half` pixels about it, in `d`.
  private func noise(of tile: CosmicRayTile, _ scratch: Scratch) {
    let half = medians.half
    let (columns, rows) = (tile.columns.count + 2 * half, tile.rows.count + 2 * half)
    copy(smoothed, tile, margin: 2 * half, to: scratch.a)
    medians.filter(scratch.a, to: scratch.d, scratch: scratch.c, columns: columns, rows: rows)
    // There is no median at the image's border: the variance stands for itself.
    forEachBorderPixel(tile, margin: half) { row, column in
      scratch.d[row * CosmicRayTile.stride + column] =
        scratch.a[(row + half) * CosmicRayTile.stride + column + half]
    }
    if let added { copy(added, tile, margin: half, to: scratch.b) }
    let least = Lanes(repeating: 0.00001)
    let level = Lanes(repeating: addedLevel)
    for row in 0..<rows {
      for x in stride(from: row * CosmicRayTile.stride, to: row * CosmicRayTile.stride + columns, by: 16) {
        var variance = scratch.d.lanes(x) + level
        if added != nil { variance += scratch.b.lanes(x) }
        variance.replace(with: least, where: variance .< least)
        scratch.d.store(variance.squareRoot(), at: x)
      }
    }
    put(scratch.d + half * CosmicRayTile.stride + half, tile, to: noise)
  }

  /// S of the tile and `half` pixels about it, in `a`.
  private func laplacian(of tile: CosmicRayTile, _ scratch: Scratch) {
    let half = medians.half
    let step = CosmicRayTile.stride
    // Outside the image there are zeros, as in the published program.
    copy(image, tile, margin: half + 1, to: scratch.b)
    for row in 0..<tile.rows.count + 2 * half {
      for x in stride(from: row * step, to: row * step + tile.columns.count + 2 * half, by: 16) {
        let centre = scratch.b.lanes(x + step + 1)
        let sharp = Self.laplacian(
          centre, left: scratch.b.lanes(x + step), right: scratch.b.lanes(x + step + 2),
          below: scratch.b.lanes(x + 1), above: scratch.b.lanes(x + 2 * step + 1))
        scratch.a.store(sharp / (2 * scratch.d.lanes(x)), at: x)
      }
    }
  }

  /// The mean of the positive Laplacians of a pixel's four parts. Sums are taken in the order of the subsampled image,
  /// so that the last bit agrees with it.
  @inline(__always)
  private static func laplacian(_ c: Lanes, left: Lanes, right: Lanes, below: Lanes, above: Lanes) -> Lanes {
    @inline(__always) func positive(_ x: Lanes) -> Lanes {
      x.replacing(with: Lanes.zero, where: x .< Lanes.zero)
    }
    let four = 4 * c
    let leftParts = four - c - left
    let rightParts = four - right - c
    let sum =
      positive(leftParts - c - below) + positive(leftParts - above - c) + positive(rightParts - above - c)
      + positive(rightParts - c - below)
    return sum * 0.25
  }

  /// S less its median, 0 where there is none.
  private func subtract(_ tile: CosmicRayTile, _ scratch: Scratch) {
    let (half, step) = (medians.half, CosmicRayTile.stride)
    for row in 0..<tile.rows.count {
      for x in stride(from: row * step, to: row * step + tile.columns.count, by: 16) {
        scratch.c.store(scratch.a.lanes(x + half * step + half) - scratch.b.lanes(x), at: x)
      }
    }
    forEachBorderPixel(tile, margin: 0) { scratch.c[$0 * step + $1] = 0 }
    put(scratch.c, tile, to: significance)
  }

  /// Copies a tile and its surroundings, zeros outside the image.
  private func copy(
    _ plane: SharedPixels<Float>, _ tile: CosmicRayTile, margin: Int, to target: UnsafeMutablePointer<Float>
  ) {
    let (x0, y0) = (tile.columns.lowerBound - margin, tile.rows.lowerBound - margin)
    let inside = max(x0, 0)..<min(tile.columns.upperBound + margin, width)
    for row in 0..<tile.rows.count + 2 * margin {
      let line = target + row * CosmicRayTile.stride
      guard inside.count == tile.columns.count + 2 * margin, (0..<height).contains(y0 + row) else {
        line.update(repeating: 0, count: CosmicRayTile.stride)
        if (0..<height).contains(y0 + row) {
          (line + inside.lowerBound - x0).update(
            from: plane.base + (y0 + row) * width + inside.lowerBound, count: inside.count)
        }
        continue
      }
      line.update(from: plane.base + (y0 + row) * width + inside.lowerBound, count: inside.count)
    }
  }

  private func put(
    _ source: UnsafeMutablePointer<Float>, _ tile: CosmicRayTile, to plane: FilledPixels<Float>
  ) {
    for row in 0..<tile.rows.count {
      (plane.base + (tile.rows.lowerBound + row) * width + tile.columns.lowerBound).update(
        from: source + row * CosmicRayTile.stride, count: tile.columns.count)
    }
  }

  /// Calls `body` for pixels of a tile and its surroundings that are too near the image's border for a median.
  private func forEachBorderPixel(
    _ tile: CosmicRayTile, margin: Int, _ body: (_ row: Int, _ column: Int) -> Void
  ) {
    let half = medians.half
    let inner = (x: half..<max(width - half, half), y: half..<max(height - half, half))
    let (x0, y0) = (tile.columns.lowerBound - margin, tile.rows.lowerBound - margin)
    let (x1, y1) = (tile.columns.upperBound + margin, tile.rows.upperBound + margin)
    if x0 >= half, y0 >= half, x1 <= inner.x.upperBound, y1 <= inner.y.upperBound { return }
    for y in y0..<y1 {
      for x in x0..<x1 where !(inner.x.contains(x) && inner.y.contains(y)) { body(y - y0, x - x0) }
    }
  }
}
