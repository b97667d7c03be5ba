import Foundation
import Pixels
import Testing

@Suite struct BadPixelTests {
  @Test func openPixelsAreGrownIntoCrosses() {
    var noise = Noise(seed: 3)
    var flat = Measured.noisy(80, 60, value: 1, sigma: 0.01, &noise)
    flat.value[40, 30] = 0.2
    for (x, y) in [(39, 30), (41, 30), (40, 29), (40, 31)] { flat.value[x, y] = 1.2 }
    flat.value[10, 10] = 0
    flat.value[20, 20] = 0.7
    flat.value[30, 20] = 1.4
    flat.value[0, 0] = .nan
    let found = badPixels(inFlat: flat)
    #expect(found[40, 30] == DQ.open)
    for (x, y) in [(39, 30), (41, 30), (40, 29), (40, 31)] { #expect(found[x, y] == DQ.adjOpen) }
    #expect(found[10, 10] == DQ.dead)
    #expect(found[20, 20] == DQ.lowQe)
    #expect(found[30, 20] == DQ.otherBadPixel)
    #expect(found[0, 0] == DQ.otherBadPixel)
    #expect(found.elements.filter { $0 != 0 }.count == 9)
  }

  /// A dim ramp over the field is no defect, and rows without light are not judged.
  @Test func shadingAndGapsAreNotDefects() {
    var noise = Noise(seed: 4)
    var flat = Measured.noisy(96, 96, value: 1, sigma: 0.01, &noise)
    for y in 0..<96 {
      for x in 0..<96 {
        flat.value[x, y] *= y % 46 < 2 ? 0.001 : 0.5 + Float(x) / 96
      }
    }
    flat.value[50, 50] = 0
    let found = badPixels(inFlat: flat)
    #expect(found[50, 50] == DQ.dead)
    #expect(found.elements.filter { $0 != 0 }.count == 1)
  }

  /// One cosmic ray in ten frames is no noise; a pixel that is high in half of them is.
  @Test func noiseIgnoresOneOutlier() throws {
    var noise = Noise(seed: 8)
    var frames = (0..<10).map { _ in Measured.noisy(100, 100, value: 5, sigma: 2, &noise) }
    frames[3].value[7, 7] += 500
    for j in stride(from: 0, to: 10, by: 2) { frames[j].value[20, 20] += 30 }
    for j in 0..<7 { frames[j].quality[30, 30] = DQ.doNotUse }
    let map = try stackNoise(frameCount: 10, width: 100, height: 100, rowsPerBand: 33) { index, rows, room in
      let band = frames[index].cropped(
        to: PixelWindow(x0: 0, y0: rows.lowerBound, width: 100, height: rows.count))
      band.value.withUnsafeBuffer { _ = room.value.update(fromContentsOf: $0) }
      band.error.withUnsafeBuffer { _ = room.error.update(fromContentsOf: $0) }
      band.quality.withUnsafeBuffer { _ = room.quality.update(fromContentsOf: $0) }
    }
    #expect(map[30, 30].isNaN)
    // Written out for one pixel: the variance of the nine nearest the mean over 2².
    let samples = frames.map { Double($0.value[50, 60]) }
    let mean = samples.reduce(0, +) / 10
    let nine = samples.sorted { abs($0 - mean) < abs($1 - mean) }.prefix(9)
    let middle = nine.reduce(0, +) / 9
    let variance = nine.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / 8
    #expect(abs(Double(map[50, 60]) - variance / 4) < 1e-4 * variance)
    let flags = badPixels(inNoise: map)
    #expect(flags[7, 7] == 0)
    #expect(flags[20, 20] == DQ.telegraph)
    #expect(flags.elements.filter { $0 != 0 }.count == 1)
  }

  @Test func darksTellHotAndLostPixels() {
    var noise = Noise(seed: 9)
    var dark = Measured.noisy(100, 100, value: 1, sigma: 0.1, &noise)
    (dark.value[3, 3], dark.value[4, 4], dark.value[5, 5]) = (3, -1, .nan)
    dark.quality[6, 6] = DQ.saturated
    let flags = badPixels(inDark: dark)
    #expect(flags[3, 3] == DQ.hot && flags[6, 6] == DQ.hot)
    #expect(flags[4, 4] == DQ.otherBadPixel && flags[5, 5] == DQ.otherBadPixel)
    #expect(flags.elements.filter { $0 != 0 }.count == 4)
  }
}
