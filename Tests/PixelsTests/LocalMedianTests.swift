import Pixels
import Testing

@Suite struct LocalMedianTests {
  /// Against a sort of every window, to the width of a step, at the edges too.
  @Test(arguments: [1, 4, 15])
  func agreesWithASort(radius: Int) {
    var noise = Noise(seed: 11)
    let (width, height) = (67, 43)
    let plane = Plane(
      width: width, height: height,
      elements: (0..<width * height).map { _ in Float(1 + 0.2 * noise.gaussian()) })
    var quality = Plane<UInt32>(width: width, height: height, repeating: 0)
    var bad = plane
    for i in stride(from: 0, to: width * height, by: 7) { quality[i % width, i / width] = DQ.doNotUse }
    for i in stride(from: 3, to: width * height, by: 11) { bad[i % width, i / width] = .nan }
    let found = localMedian(
      of: bad, quality: quality, range: 0...4, options: LocalMedianOptions(radius: radius, bins: 8192))
    for y in 0..<height {
      for x in 0..<width {
        var samples: [Float] = []
        for v in max(0, y - radius)...min(height - 1, y + radius) {
          for u in max(0, x - radius)...min(width - 1, x + radius)
          where quality[u, v] == 0 && bad[u, v].isFinite { samples.append(bad[u, v]) }
        }
        samples.sort()
        let expected = samples.isEmpty ? Float.nan : samples[(samples.count - 1) / 2]
        #expect(abs(found[x, y] - expected) <= 4.0 / 8192 || expected.isNaN && found[x, y].isNaN)
      }
    }
  }

  @Test func nothingGoodIsNaNAndExtremesAreClamped() {
    let empty = Plane<Float>(width: 5, height: 5, repeating: .nan)
    #expect(localMedian(of: empty, range: 0...1).elements.allSatisfy { $0.isNaN })
    let high = Plane<Float>(width: 5, height: 5, repeating: 1e9)
    #expect(localMedian(of: high, range: 0...1).elements.allSatisfy { $0 > 0.99 && $0 <= 1 })
  }
}
