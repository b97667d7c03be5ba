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
  /// The median of a square.
  private let median = LaneMedian(of: 25)

  init(_ medians: CosmicRayOptions.Medians) {
    isSeparable = medians == .separable
    half = isSeparable ? 3 : 2
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
    for row in 0..<rows {
      let start = row * CosmicRayTile.stride
      for x in stride(from: start, to: start + columns, by: 8) {
        let middle = medianOfSeven {
          UnsafeRawPointer(input + x + $0 * step).loadUnaligned(as: SIMD8<Float>.self)
        }
        UnsafeMutableRawPointer(output + x).storeBytes(of: middle, as: SIMD8<Float>.self)
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

/// The median of seven samples, eight pixels at a time, in registers.
///
/// The least and the greatest of five of seven are not their median, so both are forgotten and a sixth is taken in; and so on.
@inline(__always)
private func medianOfSeven(_ sample: (Int) -> SIMD8<Float>) -> SIMD8<Float> {
  var (a, b, c, d, e) = (sample(0), sample(1), sample(2), sample(3), sample(4))
  order(&a, &b)
  order(&c, &d)
  order(&a, &c)
  order(&b, &d)
  order(&a, &e)
  order(&e, &d)
  var f = sample(5)
  order(&b, &c)
  order(&e, &f)
  order(&b, &e)
  order(&c, &f)
  var g = sample(6)
  order(&c, &e)
  order(&e, &g)
  order(&c, &e)
  return e
}

/// Puts the smaller value of each lane first.
@inline(__always)
private func order(_ a: inout SIMD8<Float>, _ b: inout SIMD8<Float>) {
  let isOrdered = a .< b
  (a, b) = (b.replacing(with: a, where: isOrdered), a.replacing(with: b, where: isOrdered))
}
