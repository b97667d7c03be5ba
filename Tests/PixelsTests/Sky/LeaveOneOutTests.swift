import Foundation
import Pixels
import Testing

/// The sky of all others with one sorting, against their median one by one.
@Suite struct LeaveOneOutTests {
  @Test(arguments: [2, 3, 4, 5, 8, 9, 12]) func isTheMedianOfTheOthers(count: Int) throws {
    var noise = Noise(seed: UInt64(count))
    var frames = (0..<count).map { _ in Measured.noisy(61, 23, value: 10, sigma: 2, &noise) }
    for i in frames.indices {
      for k in 0..<61 * 23 where (k * 7 + i * 13) % (k % 40 == 0 ? 2 : 11) == 0 {
        frames[i].quality[k % 61, k / 61] = DQ.doNotUse
      }
      frames[i].value[3, 3] = 7
      frames[i].quality[20, 20] = DQ.dead
    }
    let all = frames
    let options = DitherSkyOptions(clipping: nil)
    let sky = DitherSky(
      width: 61, height: 23, neighbors: skyNeighbors(times: frames.indices.map(Double.init), count: 99),
      options: options
    ) { i, rows in
      all[i].cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: 61, height: rows.count))
    }
    for i in frames.indices {
      let found = try sky.pattern(of: i, rows: 0..<23)
      let others = frames.indices.filter { $0 != i }.map { frames[$0] }
      let wanted = combine(
        others,
        options: CombineOptions(clipping: nil, excludedFlags: options.excludedFlags))
      for k in 0..<61 * 23 {
        let (x, y) = (k % 61, k / 61)
        let n = wanted.count[x, y]
        #expect(found.quality[x, y] == (n < 3 ? DQ.unreliableError : 0))
        guard n > 0 else {
          #expect(found.value[x, y] == 0 && abs(found.error[x, y] - 2) < 1e-5)
          continue
        }
        #expect(abs(found.value[x, y] - wanted.measured.value[x, y]) < 1e-6)
        #expect(abs(found.error[x, y] / wanted.measured.error[x, y] - 1) < 1e-4)
      }
    }
  }
}
