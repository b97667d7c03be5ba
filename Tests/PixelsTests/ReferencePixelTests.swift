import Foundation
import Pixels
import Testing

@Suite struct ReferencePixelTests {
  private let side = 128
  private let height: Int
  private var border: ReferenceBorder { ReferenceBorder(width: side, height: height, pixels: 4) }
  private var whole: PixelWindow { PixelWindow(x0: 0, y0: 0, width: side, height: height) }

  init() { self.init(height: 128) }
  private init(height: Int) { self.height = height }

  /// A band whose samples are `value(read, x, y)` of the detector, with the border flagged as `dq_init` does.
  private func band(
    _ window: PixelWindow, reads: Int, _ value: (Int, Int, Int) -> Double
  ) -> RampBand {
    var samples = Ramp<Float>(
      integrations: 1, reads: reads, height: window.height, width: window.width, repeating: 0)
    for j in 0..<reads {
      for y in 0..<window.height {
        for x in 0..<window.width {
          samples[0, j, x, y] = Float(value(j, window.x0 + x, window.y0 + y))
        }
      }
    }
    var band = RampBand(samples: samples)
    border.raise(in: &band.pixelQuality, window: window, rows: 0..<window.height)
    return band
  }

  private func correction(
    _ band: RampBand, _ window: PixelWindow, _ options: ReferencePixelOptions
  ) -> ReferencePixelCorrection {
    var levels = ReferencePixelLevels(
      border: border, window: window, detectorWidth: side, shape: (band.integrations, band.reads),
      options: options)
    for rows in [levels.parts.bottom, levels.parts.top] where !rows.isEmpty {
      levels.takeEnd(part(band, rows), rows: rows)
    }
    takeSides(band, rows: 0..<band.height, &levels)
    return levels.finished()
  }

  /// The side columns of rows of the exposure that `band` holds as a whole.
  private func takeSides(_ band: RampBand, rows: Range<Int>, _ levels: inout ReferencePixelLevels) {
    for (side, columns) in levels.neededSides.enumerated() {
      let part = PixelWindow(
        x0: columns.lowerBound, y0: rows.lowerBound, width: columns.count, height: rows.count)
      levels.takeSide(side, band.cropped(to: part), rows: rows)
    }
  }

  private func part(_ band: RampBand, _ rows: Range<Int>) -> RampBand {
    let window = PixelWindow(x0: 0, y0: rows.lowerBound, width: band.width, height: rows.count)
    var result = RampBand(
      samples: Ramp(
        integrations: band.integrations, reads: band.reads, height: rows.count, width: band.width,
        repeating: 0), pixelQuality: band.pixelQuality.cropped(to: window))
    for k in 0..<band.integrations {
      for j in 0..<band.reads {
        result.samples.setPlane(
          band.samples.plane(integration: k, read: j).cropped(to: window), integration: k, read: j)
        for y in rows {
          for x in 0..<band.width {
            result.groupQuality[k, j, x, y - rows.lowerBound] = band.groupQuality[k, j, x, y]
          }
        }
      }
    }
    return result
  }

  /// Levels of channels and parities that drift from read to read go exactly; the light stays.
  @Test(arguments: [1, 4, 16, 32])
  func levelsOfChannelsAndParitiesGo(channels: Int) {
    let width = side / channels
    func light(_ j: Int, _ x: Int, _ y: Int) -> Double {
      x < 4 || x >= side - 4 || y < 4 || y >= side - 4 ? 0 : Double(100 * j + x)
    }
    var band = band(whole, reads: 3) { j, x, y in
      light(j, x, y) + Double((x / width) * 10 + 1000 + j * 7 * (x / width % 3)) + (x % 2 == 0 ? 0.5 : -0.25)
    }
    let options = ReferencePixelOptions(channels: channels, usesSides: false)
    let found = correction(band, whole, options)
    #expect(found.unmeasured == 0)
    subtractReferencePixels(&band, rows: 0..<side, correction: found)
    for j in 0..<3 {
      for y in [0, 4, 63, 127] {
        for x in 0..<side { #expect(abs(Double(band.samples[0, j, x, y]) - light(j, x, y)) < 2e-3) }
      }
    }
  }

  /// A dead and a hot reference pixel, a NaN and a flagged read, and outliers that nobody flagged, do not move a level.
  @Test func badReferencePixelsDoNotCount() {
    var noise = Noise(seed: 3)
    var band = band(whole, reads: 2) { _, _, _ in 500 + noise.gaussian() }
    let clean = correction(band, whole, ReferencePixelOptions(channels: 4, usesSides: false))
    band.samples[0, 0, 5, 0] = 60000
    band.pixelQuality[5, 0] |= DQ.hot
    band.samples[0, 0, 40, 1] = -60000
    band.pixelQuality[40, 1] |= DQ.badRefPixel
    band.samples[0, 0, 70, 127] = .nan
    band.samples[0, 1, 100, 126] = 1e6
    band.groupQuality[0, 1, 100, 126] = UInt8(DQ.doNotUse)
    band.samples[0, 1, 9, 2] = 5000
    let found = correction(band, whole, ReferencePixelOptions(channels: 4, usesSides: false))
    var (a, b) = (band, band)
    subtractReferencePixels(&a, rows: 0..<side, correction: clean)
    subtractReferencePixels(&b, rows: 0..<side, correction: found)
    for j in 0..<2 {
      for x in 0..<side {
        #expect(abs(a.samples[0, j, x, 64] - b.samples[0, j, x, 64]) < 0.1, "\(x)")
      }
    }
  }

  /// Noise with a spectrum of 1/f that all channels share, sampled as the detector is read: pixel by pixel along the rows
  /// of a channel. The scatter of row means (striping) is at least halved. (Noise that changes within a row cannot be
  /// seen at its ends: the more rows, the more of the striping is slower than that.)
  @Test func oneOverFStripingIsAtLeastHalved() { Self(height: 512).halveStriping() }

  private func halveStriping() {
    let channels = 4
    let width = side / channels
    var noise = Noise(seed: 17)
    let reads = 2
    let common = (0..<reads).map { _ in
      OneOverF(count: height * width, sigma: 20, noise: &noise).values
    }
    var band = band(whole, reads: reads) { j, x, y in
      common[j][y * width + x % width] + 3 * noise.gaussian()
    }
    let before = striping(band)
    let found = correction(band, whole, ReferencePixelOptions(channels: channels))
    subtractReferencePixels(&band, rows: 0..<height, correction: found)
    let after = striping(band)
    #expect(before > 5)
    #expect(after < before / 2, "\(before) -> \(after), \(found.sideWindow ?? 0) rows")
  }

  /// Where the white noise of the pixels hides the common noise, no striping is brought in.
  @Test func whiteNoiseBringsNoStriping() {
    var noise = Noise(seed: 23)
    var band = band(whole, reads: 4) { _, _, _ in 20 * noise.gaussian() }
    let before = striping(band)
    let found = correction(band, whole, ReferencePixelOptions(channels: 4))
    var single = band
    // Even a window of one row brings little: the sides do not agree.
    let one = correction(band, whole, ReferencePixelOptions(channels: 4, sideWindow: 1))
    #expect(one.sideWindow == 1)
    subtractReferencePixels(&band, rows: 0..<side, correction: found)
    subtractReferencePixels(&single, rows: 0..<side, correction: one)
    #expect(striping(band) < before * 1.1)
    #expect(striping(single) < before * 1.1)
  }

  /// The scatter of the means of rows over the part that sees light, over all reads.
  private func striping(_ band: RampBand) -> Double {
    let images = (0..<band.reads).map { j in
      let means = (4..<height - 4).map { y in
        (4..<side - 4).reduce(0.0) { $0 + Double(band.samples[0, j, $1, y]) } / Double(side - 8)
      }
      let mean = means.reduce(0, +) / Double(means.count)
      return means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count)
    }
    return (images.reduce(0, +) / Double(images.count)).squareRoot()
  }

  /// In bands of any height, and in a subarray at the corner of the detector, the levels are the same.
  @Test func subarraysHaveTheChannelsOfTheirPlace() {
    func value(_ j: Int, _ x: Int, _ y: Int) -> Double {
      Double(x / 32 * 100 + x % 2 * 10) + Double(j)
    }
    // From column 20 on, with the bottom border and the right one.
    let window = PixelWindow(x0: 20, y0: 0, width: 108, height: 50)
    var band = band(window, reads: 2, value)
    let found = correction(band, window, ReferencePixelOptions(channels: 4))
    subtractReferencePixels(&band, rows: 0..<50, correction: found)
    #expect(band.samples.elements.allSatisfy { abs($0) < 1e-4 })

    let middle = PixelWindow(x0: 20, y0: 20, width: 60, height: 60)
    let levels = ReferencePixelLevels(
      border: border, window: middle, detectorWidth: side, shape: (1, 2),
      options: ReferencePixelOptions(channels: 4))
    #expect(levels.parts.isEmpty)
    #expect(levels.neededSides.isEmpty)
    #expect(levels.finished().isZero)
  }

  @Test func bandsAreThePartsOfTheWhole() {
    var noise = Noise(seed: 8)
    let all = band(whole, reads: 2) { _, _, _ in noise.gaussian() }
    let options = ReferencePixelOptions(channels: 16)
    let found = correction(all, whole, options)
    var levels = ReferencePixelLevels(
      border: border, window: whole, detectorWidth: side, shape: (1, 2), options: options)
    for rows in [100..<128, 0..<17, 17..<100] { takeSides(all, rows: rows, &levels) }
    for rows in [124..<128, 0..<4] { levels.takeEnd(part(all, rows), rows: rows) }
    #expect(levels.finished() == found)
    let fresh = ReferencePixelLevels(
      border: border, window: whole, detectorWidth: side, shape: (1, 2), options: options)
    #expect(fresh.measured(in: all) == found)
    var together = all
    subtractReferencePixels(&together, rows: 0..<side, correction: found)
    var rows = part(all, 17..<100)
    subtractReferencePixels(&rows, rows: 17..<100, correction: found)
    #expect(rows.samples == part(together, 17..<100).samples)
    let some = PixelWindow(x0: 30, y0: 17, width: 20, height: 83)
    var columns = all.cropped(to: some)
    subtractReferencePixels(&columns, rows: some.rows, firstColumn: some.x0, correction: found)
    #expect(columns.samples == together.samples.cropped(to: some))
  }

  /// A channel whose reference pixels are all bad keeps its level, and that is counted.
  @Test func aChannelWithoutReferencePixelsIsCounted() {
    var band = band(whole, reads: 3) { _, _, _ in 7 }
    for y in [0, 1, 2, 3, 124, 125, 126, 127] {
      for x in 32..<64 { band.pixelQuality[x, y] |= DQ.badRefPixel }
    }
    let found = correction(band, whole, ReferencePixelOptions(channels: 4, usesSides: false))
    #expect(found.unmeasured == 3)
    subtractReferencePixels(&band, rows: 0..<side, correction: found)
    #expect(band.samples[0, 1, 40, 60] == 7)
    #expect(band.samples[0, 1, 70, 60] == 0)
  }
}

/// Noise whose power falls with the frequency: a sum of sines of random phases, one for each octave's eighth part.
struct OneOverF {
  let values: [Double]

  /// - Parameter sigma: of the whole.
  init(count: Int, sigma: Double, noise: inout Noise) {
    var waves: [(frequency: Double, phase: Double)] = []
    var frequency = 0.5 / Double(count)
    while frequency < 0.5 {
      waves.append((frequency, 2 * .pi * noise.uniform()))
      frequency *= pow(2, 0.125)
    }
    // Equal power in equal parts of an octave is a spectrum of 1/f.
    let amplitude = sigma * (2 / Double(waves.count)).squareRoot()
    values = (0..<count).map { i in
      waves.reduce(0) { $0 + amplitude * sin(2 * .pi * $1.frequency * Double(i) + $1.phase) }
    }
  }
}

@Suite struct PersistenceTests {
  private func latent(_ window: PixelWindow, _ pixels: [(Int, Int)], end: Double) -> LatentImage {
    var quality = Plane<UInt32>(width: window.width, height: window.height, repeating: DQ.hot)
    for (x, y) in pixels { quality[x, y] = DQ.saturated | DQ.warm }
    return LatentImage(saturated: PixelMask(anyOf: DQ.saturated, in: quality), window: window, end: end)
  }

  @Test func onlyExposuresThatEndedWithinTheTimeLeaveTheirImage() {
    let window = PixelWindow(x0: 0, y0: 0, width: 8, height: 6)
    let earlier = [
      latent(window, [(1, 1)], end: 700), latent(window, [(2, 2), (3, 2)], end: 950),
      latent(window, [(4, 4)], end: 1000), latent(window, [(5, 5)], end: 1001),
    ]
    let mask = latentPixels(in: window, begin: 1000, after: earlier, within: 100)
    var band = RampBand(samples: Ramp(integrations: 1, reads: 1, height: 3, width: 8, repeating: 0))
    band.pixelQuality[2, 0] = DQ.warm
    flagPersistence(&band, part: PixelWindow(x0: 0, y0: 2, width: mask.width, height: 3), latent: mask)
    #expect(band.pixelQuality[2, 0] == DQ.persistence | DQ.warm)
    #expect(band.pixelQuality[3, 0] == DQ.persistence)
    #expect(band.pixelQuality[4, 2] == DQ.persistence)
    #expect(band.pixelQuality.elements.count { $0 & DQ.persistence != 0 } == 3)
    #expect(mask.count == 3)
    #expect(latentPixels(in: window, begin: 1000, after: earlier, within: 300).count == 4)
  }

  /// The detector remembers, whatever part of it is read.
  @Test func otherWindowsGiveTheirCommonPart() {
    let full = PixelWindow(x0: 0, y0: 0, width: 100, height: 80)
    let part = PixelWindow(x0: 40, y0: 30, width: 20, height: 10)
    let fromFull = latentPixels(
      in: part, begin: 10, after: [latent(full, [(45, 33), (39, 33), (60, 33), (45, 40)], end: 9)], within: 5)
    #expect(fromFull.count == 1)
    #expect(fromFull.contains(x: 5, y: 3))
    let fromPart = latentPixels(
      in: full, begin: 10, after: [latent(part, [(0, 0), (19, 9)], end: 9)], within: 5)
    #expect(fromPart.count == 2)
    #expect(fromPart.contains(x: 40, y: 30) && fromPart.contains(x: 59, y: 39))
  }
}
