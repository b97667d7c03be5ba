import Foundation
import Pixels
import Testing

/// The sky of frames from their neighbours, pixel by pixel.
@Suite struct DitherSkyTests {
  @Test func nearestInTime() {
    let times = [0.0, 60, 120, 600, 660]
    #expect(skyNeighbors(times: times, count: 2) == [[1, 2], [0, 2], [1, 0], [4, 2], [3, 2]])
    #expect(skyNeighbors(times: times, count: 8, within: 100) == [[1], [0, 2], [1], [4], [3]])
    #expect(skyNeighbors(times: [0, .nan, 10], count: 2) == [[2, 1], [0, 2], [0, 1]])
    #expect(skyNeighbors(times: [5], count: 8) == [[]])
  }

  private static func sky(_ frames: [Measured], neighbors: [[Int]]? = nil) -> DitherSky {
    DitherSky(
      width: frames[0].width, height: frames[0].height,
      neighbors: neighbors ?? skyNeighbors(times: frames.indices.map(Double.init), count: 8)
    ) { i, rows in
      let frame = frames[i]
      return frame.cropped(
        to: PixelWindow(x0: 0, y0: rows.lowerBound, width: frame.width, height: rows.count))
    }
  }

  /// A mask of one pixel.
  private static func mask(_ width: Int, _ height: Int, x: Int, y: Int) -> PixelMask {
    var plane = Plane<UInt8>(width: width, height: height, repeating: 0)
    plane[x, y] = 1
    return PixelMask(nonZero: plane)
  }

  /// The error is that of a median of so few, and what is left scatters as errors say.
  @Test func errors() throws {
    var noise = Noise(seed: 1)
    let frames = (0..<9).map { Measured.noisy(128, 128, value: 100 + Double($0), sigma: 3, &noise) }
    var sky = Self.sky(frames)
    for i in 0..<9 { sky.levels[i] = try sky.level(of: i) }
    let settled = try sky.settled()
    let first = try settled.sky(of: 0, rows: 0..<128)
    let expected = Float(3 * medianErrorFactor(samples: 8) / 8.0.squareRoot())
    let usual = median(of: first.error)
    // Errors of skies are kept to 1 of 500.
    #expect(abs(usual / expected - 1) < 2.1e-3)
    let left = subtract(frames[0], first)
    let pulls = left.pulls(truth: 0)
    print("frame less the sky of 8 others: pulls of \(pulls)")
    #expect(abs(pulls.std - 1) < 0.03 && abs(pulls.mean) < 0.03)
  }

  /// Fewer than three samples are flagged; without any the level is all that is known.
  @Test func fewSamples() throws {
    var frames = (0..<4).map { Measured(width: 20, height: 10, repeating: 10 * Float($0 + 1), error: 2) }
    for j in 1..<4 { frames[j].quality[5, 5] = DQ.doNotUse }
    frames[1].quality[6, 5] = DQ.dead
    frames[2].quality[7, 5] = DQ.jumpDet
    var sky = Self.sky(frames)
    sky.levels = [10, 20, 30, 40]
    sky.masks[1] = Self.mask(20, 10, x: 8, y: 5)
    let found = try sky.pattern(of: 0, rows: 4..<7)
    #expect(found.quality[5, 1] == DQ.unreliableError && found.value[5, 1] == 0 && found.error[5, 1] == 2)
    #expect(found.quality[6, 1] == DQ.unreliableError && found.value[6, 1] == 0)
    #expect(found.quality[8, 1] == DQ.unreliableError)
    // A jump that was repaired in another exposure says nothing of this one.
    #expect(found.quality[7, 1] == 0)
    let settled = try sky.settled()
    #expect(try settled.sky(of: 0, rows: 4..<7).quality == found.quality)
    #expect(try settled.sky(of: 0, rows: 0..<1).value[0, 0] == 10)
    let alone = try Self.sky([frames[0]], neighbors: [[]]).settled()
    let own = try alone.sky(of: 0, rows: 0..<10)
    #expect(own.value[3, 3] == 10 && own.quality[3, 3] == DQ.unreliableError)
  }

  /// Levels are clipped and beside sources; the super sky has median 1.
  @Test func superSky() throws {
    var noise = Noise(seed: 2)
    let shape = (0..<64 * 64).map { i -> Float in 1 + 0.2 * Float(i % 64) / 64 }
    let level = median(of: Plane(width: 64, height: 64, elements: shape))
    let frames = (0..<7).map { i -> Measured in
      let sky: Float = 500 + 50 * Float(i)
      var frame = Measured.noisy(64, 64, value: 0, sigma: 1, &noise)
      frame.value.subtract(Plane(width: 64, height: 64, elements: shape.map { -$0 * sky }))
      return frame
    }
    var sky = Self.sky(frames)
    for i in 0..<7 { sky.levels[i] = try sky.level(of: i) }
    let found = try sky.superSky()
    let worst = zip(found.value.elements, shape).map { abs($0 - $1 / level) }.max() ?? .nan
    #expect(worst < 6e-3, "\(worst)")
    #expect(abs(median(of: found.value) - 1) < 1e-6)
    let scale = try sky.level(of: 6, over: found.value)
    #expect(abs(scale / (800 * level) - 1) < 1e-3)
    var dark = Self.sky(frames)
    dark.levels = Array(repeating: -1, count: 7)
    #expect(throws: PixelsError.self) { try dark.superSky() }
  }

  /// Shifted by whole pixels, frames lie where they belong.
  @Test func shiftedStack() throws {
    let frames = (0..<3).map { i -> Measured in
      let values = (0..<48).map { k -> Float in Float(k % 8 + 2 * i + 100 * (k / 8 - i)) }
      return Measured(
        value: Plane(width: 8, height: 6, elements: values),
        error: Plane(width: 8, height: 6, repeating: 1), quality: Plane(width: 8, height: 6, repeating: 0))
    }
    let canvas = ShiftedFrames(
      width: 8, height: 6, shifts: [PixelShift(x: 0, y: 0), PixelShift(x: 2, y: -1), PixelShift(x: 4, y: -2)])
    #expect(canvas.canvasWidth == 12 && canvas.canvasHeight == 8)
    for rows in [1, 3, 128] {
      let stack = try canvas.combined(CombineOptions(method: .median, clipping: nil), rowsPerBand: rows) {
        i, rows in
        frames[i].cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: 8, height: rows.count))
      }
      for y in 0..<8 {
        for x in 0..<12 {
          let used = stack.count[x, y]
          #expect(used == 0 || stack.measured.value[x, y] == Float(x + 100 * (y - 2)))
          #expect((used == 0) == (stack.measured.quality[x, y] & DQ.doNotUse != 0))
        }
      }
      #expect(stack.count[5, 3] == 3 && stack.count[0, 0] == 0)
    }
    let mask = Self.mask(12, 8, x: 5, y: 3)
    #expect(canvas.mask(mask, inFrame: 0).contains(x: 5, y: 1))
    #expect(canvas.mask(mask, inFrame: 2).contains(x: 1, y: 3) && canvas.mask(mask, inFrame: 2).count == 1)
  }
}
