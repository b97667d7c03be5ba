import Foundation
import Pixels
import Testing

/// Levels and planes of overlapping frames against those put in.
@Suite struct SkyMatchTests {
  private static let size = 256
  private static let shifts: [SIMD2<Double>] = [[0, 0], [90.3, 10], [20, 100.6], [110, 95], [200, 180]]

  /// Frames of one field of stars with levels of their own, and planes where asked for.
  private static func frames(
    _ levels: [Double], slopes: [SIMD2<Double>]? = nil, sigma: Double = 5, seed: UInt64
  ) -> [Measured] {
    var noise = Noise(seed: seed)
    let stars = (0..<150).map { _ in
      (x: 460 * noise.uniform(), y: 440 * noise.uniform(), peak: 3000 * pow(noise.uniform(), 3))
    }
    return levels.indices.map { i in
      var frame = Measured.noisy(size, size, value: levels[i], sigma: sigma, &noise)
      let slope = slopes?[i] ?? .zero
      for y in 0..<size {
        for x in 0..<size {
          let place = SIMD2(Double(x), Double(y))
          frame.value[x, y] += Float((slope * (place - 127.5)).sum())
        }
      }
      for star in stars {
        let (cx, cy) = (star.x - shifts[i].x, star.y - shifts[i].y)
        for y in max(Int(cy) - 8, 0)..<max(min(Int(cy) + 9, size), max(Int(cy) - 8, 0)) {
          for x in max(Int(cx) - 8, 0)..<max(min(Int(cx) + 9, size), max(Int(cx) - 8, 0)) {
            let (dx, dy) = (Double(x) - cx, Double(y) - cy)
            frame.value[x, y] += Float(star.peak * exp(-(dx * dx + dy * dy) / 6))
          }
        }
      }
      return frame
    }
  }

  private static func blocks(_ frames: [Measured]) -> [SkyBlocks] {
    frames.map { frame in
      SkyBlocks(width: size, height: size, size: 16) { rows in
        frame.cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: size, height: rows.count))
      }
    }
  }

  private static func match(_ frames: [Measured], _ options: SkyMatchOptions = SkyMatchOptions()) -> SkyMatch
  {
    let blocks = blocks(frames)
    return matchSkies(blocks, options: options) { i, j in
      blocks[i].centers.map { $0 + shifts[i] - shifts[j] }
    }
  }

  @Test func levelsAreRecovered() {
    let levels = [100.0, 112.5, 87, 103, 95]
    let found = Self.match(Self.frames(levels, seed: 1))
    let mean = levels.reduce(0, +) / 5
    let worst = zip(found.surfaces, levels).map { abs($0.level - ($1 - mean)) }.max() ?? .nan
    print("skymatch: levels to \(worst), differences left \(found.residual), \(found.pairs.count) pairs")
    // Medians of blocks of 256 pixels of sigma 5 scatter by 0.4, those with stars more; a dozen blocks in the smallest
    // overlap.
    #expect(worst < 0.3)
    #expect(found.residual < 0.1)
    #expect(found.groups == [[0, 1, 2, 3, 4]])
    #expect(found.pairs.count == 10)
    #expect(abs(found.surfaces.reduce(0) { $0 + $1.level }) < 1e-6)
  }

  @Test func anchors() {
    let frames = Self.frames([100, 112.5, 87, 103, 95], seed: 2)
    let first = Self.match(frames, SkyMatchOptions(anchor: .first)).surfaces.map(\.level)
    let minimum = Self.match(frames, SkyMatchOptions(anchor: .minimum)).surfaces.map(\.level)
    #expect(first[0] == 0 && abs(first[1] - 12.5) < 0.2)
    #expect(minimum.min() == 0 && minimum[2] == 0 && abs(minimum[0] - 13) < 0.2)
  }

  /// Slopes against the mean plane, which differences do not tell.
  @Test func planesAreRecovered() {
    let slopes: [SIMD2<Double>] = [[0.02, 0], [-0.01, 0.01], [0, -0.03], [-0.02, 0.01], [0.01, 0.01]]
    let levels = [100.0, 112, 90, 103, 95]
    let frames = Self.frames(levels, slopes: slopes, sigma: 1, seed: 3)
    let level = Self.match(frames)
    let plane = Self.match(frames, SkyMatchOptions(surface: .plane))
    print("skymatch with planes: differences left \(plane.residual), with levels \(level.residual)")
    #expect(plane.residual < 0.05 && plane.residual < 0.3 * level.residual)
    for i in 1..<5 {
      let found = plane.surfaces[i].slope - plane.surfaces[0].slope
      let wanted = slopes[i] - slopes[0]
      #expect(abs(found.x - wanted.x) < 2e-3 && abs(found.y - wanted.y) < 2e-3, "frame \(i): \(found)")
    }
  }

  /// A frame that overlaps no other is left alone; two groups are evened each by itself.
  @Test func framesThatDoNotOverlap() {
    let frames = Self.frames([100, 110, 95, 103, 90], seed: 4)
    let blocks = Self.blocks(frames)
    let found = matchSkies(blocks) { i, j in
      let isTogether = (i < 2) == (j < 2) && i != 4 && j != 4
      return isTogether ? blocks[i].centers.map { $0 + Self.shifts[i] - Self.shifts[j] } : nil
    }
    #expect(found.groups == [[0, 1], [2, 3], [4]])
    #expect(found.surfaces[4].level == 0)
    #expect(abs(found.surfaces[0].level + 5) < 0.2 && abs(found.surfaces[3].level - 4) < 0.2)
    let alone = matchSkies(Array(blocks.prefix(1))) { _, _ in nil }
    #expect(alone.surfaces.map(\.level) == [0] && alone.pairs.isEmpty && alone.residual.isNaN)
  }

  /// Blocks are medians of good pixels; those with fewer than half are NaN and compare with nothing.
  @Test func blocksWithoutPixels() {
    var frame = Measured(width: 70, height: 64, repeating: 3)
    for y in 0..<16 {
      for x in 0..<16 where y < 9 { frame.quality[x, y] = DQ.doNotUse }
    }
    frame.value[20, 5] = .infinity
    frame.value[21, 5] = 1000
    let blocks = SkyBlocks(width: 70, height: 64, size: 16) { rows in
      frame.cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: 70, height: rows.count))
    }
    #expect(blocks.columns == 4 && blocks.rows == 4)
    #expect(blocks.medians[0].isNaN && blocks.medians.dropFirst().allSatisfy { $0 == 3 })
    #expect(blocks.value(at: [30, 30]) == 3 && blocks.value(at: [10, 10]).isNaN)
    #expect(blocks.value(at: [5, 30]).isNaN && blocks.value(at: [56, 30]).isNaN)
  }
}
