import Foundation

/// How one axis is cut into tiles that overlap, with windows that add up to 1 at every pixel.
struct TileAxis: Sendable {
  /// Pixels of the axis.
  let length: Int
  /// Pixels that neighbours share.
  let overlap: Int
  /// Where tiles would meet without overlap: the first is 0, the last `length`.
  private let bounds: [Int]

  /// Tiles of at least `least` pixels without their overlap (one tile for a shorter axis).
  init(length: Int, least: Int, overlap: Int) {
    let count = max(1, length / max(least, 1))
    self.length = length
    self.overlap = count == 1 ? 0 : overlap
    bounds = (0...count).map { $0 * length / count }
  }

  /// Tiles.
  var count: Int { bounds.count - 1 }

  /// The pixels of tile `k`, with what it shares.
  func pixels(of k: Int) -> Range<Int> {
    let low = k == 0 ? 0 : bounds[k] - overlap / 2
    let high = k == count - 1 ? length : bounds[k + 1] + overlap - overlap / 2
    return low..<high
  }

  /// The middle of tile `k`, a pixel counted from 0.
  func middle(of k: Int) -> Double { Double(bounds[k] + bounds[k + 1] - 1) / 2 }

  /// The most pixels that a tile has.
  var longest: Int { (0..<count).map { pixels(of: $0).count }.max() ?? length }

  /// The window of tile `k`: 1 where it is alone, squares of sine and cosine where it is not.
  func window(of k: Int) -> [Float] {
    let range = pixels(of: k)
    var window = [Float](repeating: 1, count: range.count)
    guard overlap > 0 else { return window }
    for i in 0..<overlap {
      let sine = sin(.pi / 2 * (Double(i) + 0.5) / Double(overlap))
      if k > 0 { window[i] = Float(sine * sine) }
      if k < count - 1 { window[range.count - overlap + i] = Float(1 - sine * sine) }
    }
    return window
  }
}
