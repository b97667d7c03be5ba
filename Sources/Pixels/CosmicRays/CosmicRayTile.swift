/// A tile of the image: where S' is computed in one go, small enough for the processor's cache.
struct CosmicRayTile: Sendable {
  /// Pixels of a tile, and what a row of its scratch memory holds: the tile, its surroundings, and slack for lanes.
  static let (width, height, stride) = (64, 32, 112)
  /// Rows of scratch memory.
  static let rows = height + 4 * CosmicRayMedians.largestHalf

  let columns: Range<Int>
  let rows: Range<Int>

  /// All tiles of an image, row by row.
  static func tiles(width: Int, height: Int) -> [CosmicRayTile] {
    var tiles: [CosmicRayTile] = []
    for y in Swift.stride(from: 0, to: height, by: Self.height) {
      for x in Swift.stride(from: 0, to: width, by: Self.width) {
        tiles.append(
          CosmicRayTile(
            columns: x..<min(x + Self.width, width), rows: y..<min(y + Self.height, height)))
      }
    }
    return tiles
  }
}

/// The medians of a search, of squares or along rows and columns.
struct CosmicRayMedians: Sendable {
  static let largestHalf = 3

  let isSeparable: Bool
  /// Half the side of the median of noise and S: 3 of 7 pixels, or 2 of 5.
  let half: Int
  /// The median along a row or column, or of a square.
  let median: LaneMedian

  init(_ medians: CosmicRayOptions.Medians) {
    isSeparable = medians == .separable
    half = isSeparable ? 3 : 2
    median = LaneMedian(of: isSeparable ? 7 : 25)
  }

  /// Medians about pixels: `output[r][c]` is that about `input[r + half][c + half]`, for `rows` x `columns` pixels
  /// (and up to 15 more in a row). Both have rows of `CosmicRayTile.stride`; `scratch` has those of the input.
  func filter(
    _ input: UnsafeMutablePointer<Float>, to output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, columns: Int, rows: Int
  ) {
    if isSeparable {
      along(input, to: scratch, step: 1, columns: columns, rows: rows + 2 * half)
      along(scratch, to: output, step: CosmicRayTile.stride, columns: columns, rows: rows)
    } else {
      squares(input, to: output, columns: columns, rows: rows)
    }
  }

  private func along(
    _ input: UnsafeMutablePointer<Float>, to output: UnsafeMutablePointer<Float>, step: Int, columns: Int,
    rows: Int
  ) {
    median.withSamples { samples, median in
      for row in 0..<rows {
        for x in stride(from: row * CosmicRayTile.stride, to: row * CosmicRayTile.stride + columns, by: 16) {
          for k in 0..<7 { samples[k] = input.lanes(x + k * step) }
          output.store(median(samples), at: x)
        }
      }
    }
  }

  private func squares(
    _ input: UnsafeMutablePointer<Float>, to output: UnsafeMutablePointer<Float>, columns: Int, rows: Int
  ) {
    median.withSamples { samples, median in
      for row in 0..<rows {
        for x in stride(from: row * CosmicRayTile.stride, to: row * CosmicRayTile.stride + columns, by: 16) {
          for k in 0..<25 { samples[k] = input.lanes(x + k / 5 * CosmicRayTile.stride + k % 5) }
          output.store(median(samples), at: x)
        }
      }
    }
  }
}
