import Foundation
import Pixels
import Testing

/// Outliers of dithered frames: found by what the others show, and stars left alone.
@Suite struct OutlierTests {
  private static let size = 80
  private static let stars = [(20.3, 22.7, 2e4), (51.8, 30.1, 5e4), (33.4, 60.6, 4e3), (60.5, 58.5, 1e4)]

  /// Stars of S/N up to 300 on a flat sky, seen with an offset.
  private static func frame(offset: (Double, Double), _ noise: inout Noise) -> Measured {
    var image = Measured(width: size, height: size, repeating: 0, error: 0)
    for y in 0..<size {
      for x in 0..<size {
        var mean = 400.0
        for star in stars {
          let r2 = pow(Double(x) - star.0 + offset.0, 2) + pow(Double(y) - star.1 + offset.1, 2)
          mean += star.2 / (2 * .pi * 1.44) * exp(-r2 / 2.88)
        }
        image.value[x, y] = Float(mean + mean.squareRoot() * noise.gaussian())
        image.error[x, y] = Float(mean.squareRoot())
      }
    }
    return image
  }

  private static func offset(_ k: Int) -> (Double, Double) {
    let (u, v) = (k * 37 % 11, k * 53 % 13)
    return (0.73 * Double(u), 0.61 * Double(v))
  }

  /// Five hits, but for one that would lie on the flank of a bright star, where slopes hide it.
  private static func hits(_ k: Int) -> [(Int, Int)] {
    (0..<5).map { i in
      let (x, y) = (i * 29 + k * 17, i * 41 + k * 23)
      return (12 + x % 56, 12 + y % 56)
    }.filter { hit in
      stars.allSatisfy { star in
        let (dx, dy) = (Double(hit.0) + offset(k).0 - star.0, Double(hit.1) + offset(k).1 - star.1)
        return star.2 < 5e4 || hypot(dx, dy) > 5
      }
    }
  }

  /// Five hits of 50 sigma per frame, all found; no core of a star flagged; few false ones.
  @Test(arguments: [3, 5, 9]) func cosmicRaysAreFoundAndStarsAreNot(count: Int) throws {
    var noise = Noise(seed: UInt64(40 + count))
    let offsets = (0..<count).map(Self.offset)
    var frames = offsets.map { Self.frame(offset: $0, &noise) }
    let hits = (0..<count).map(Self.hits)
    for k in frames.indices {
      for (x, y) in hits[k] { frames[k].value[x, y] += 50 * frames[k].error[x, y] }
    }
    let output = Self.size + 12
    let inputs = try frames.indices.map { k in
      ResampleInput(
        frames[k],
        map: .grid(
          try CoordinateGrid(window: PixelWindow(x0: 0, y0: 0, width: output, height: output)) { xs, ys in
            zip(xs, ys).map { ($0 - offsets[k].0, $1 - offsets[k].1) }
          }))
    }
    let stack = ResampleOptions.Method.stack(CombineOptions(method: .median, clipping: nil))
    let median = try resample(
      inputs, width: output, height: output, options: ResampleOptions(kernel: .lanczos3, method: stack))
    var (found, false_) = (0, 0)
    for k in frames.indices {
      let blot = try resample(
        [
          ResampleInput(
            median.measured,
            map: .grid(
              try CoordinateGrid(window: PixelWindow(x0: 0, y0: 0, width: Self.size, height: Self.size)) {
                xs, ys in zip(xs, ys).map { ($0 + offsets[k].0, $1 + offsets[k].1) }
              }))
        ], width: Self.size, height: Self.size, options: ResampleOptions(kernel: .lanczos3))
      let mask = outliers(in: frames[k], expected: blot.measured.value)
      found += hits[k].count { mask[$0.0, $0.1] == 1 }
      for y in 10..<70 {
        for x in 10..<70
        where mask[x, y] == 1 && !hits[k].contains(where: { abs($0.0 - x) < 2 && abs($0.1 - y) < 2 }) {
          false_ += 1
        }
      }
    }
    let wanted = hits.reduce(0) { $0 + $1.count }
    #expect(wanted > 4 * count && found == wanted, "\(found) of \(wanted) hits found")
    // Five sigma against a median with noise of its own; the cores of stars are 30 pixels per frame.
    #expect(Double(false_) < 1e-3 * 3600 * Double(count), "\(false_) false ones")
  }

  /// A pixel where nothing is expected, or that is flagged already, is none; a neighbour by the lower thresholds is one.
  @Test func thresholds() {
    var image = Measured(width: 7, height: 7, repeating: 0, error: 1)
    var expected = Plane<Float>(width: 7, height: 7, repeating: 0)
    (image.value[3, 3], image.value[4, 3], image.value[0, 0]) = (6, 4.5, 4.5)
    (image.value[6, 6], expected[6, 6]) = (100, .nan)
    (image.value[6, 0], image.quality[6, 0]) = (100, DQ.doNotUse)
    (image.value[0, 6], expected[0, 5]) = (15, 10)
    let found = outliers(in: image, expected: expected)
    let marked = found.elements.indices.filter { found.elements[$0] == 1 }.map { ($0 % 7, $0 / 7) }
    #expect(marked.map(\.0) == [3, 4] && marked.map(\.1) == [3, 3])
    let alone = outliers(in: image, expected: expected, options: OutlierOptions(growth: 0))
    #expect(alone.elements.count { $0 == 1 } == 1)
  }
}
