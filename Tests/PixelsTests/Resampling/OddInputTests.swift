import Foundation
import Pixels
import Testing

/// Weights, maps and images at the edge of what there is.
@Suite struct OddInputTests {
  private static func frame(_ value: Float = 10, error: Float = 2, width: Int = 20, height: Int = 15)
    -> Measured
  {
    Measured(width: width, height: height, repeating: value, error: error)
  }

  /// Dithers by half a pixel fill what lies between at twice the scale, also where rounding noise is in the map.
  @Test(arguments: [0, 1e-10, -1e-10]) func halfPixelDithersInterlace(noise: Double) throws {
    func map(_ shift: Double) throws -> PixelMap {
      .grid(
        try CoordinateGrid(window: PixelWindow(x0: 0, y0: 0, width: 20, height: 15)) { x, y in
          zip(x, y).map { (2 * ($0 + shift) + 0.5 + noise, 2 * $1 + 0.5 + noise) }
        })
    }
    let inputs = [
      ResampleInput(Self.frame(1), map: try map(0)), ResampleInput(Self.frame(2), map: try map(0.5)),
    ]
    let mosaic = try resample(inputs, width: 42, height: 32, options: ResampleOptions(kernel: .point))
    for x in 1..<41 { #expect(mosaic.measured.value[x, 11] == (x % 2 == 1 ? 1 : 2), "column \(x)") }
  }

  /// Inverse variances in units of fluxes are beyond what float32 holds.
  @Test(arguments: [1e40, 1e-40], [false, true]) func weightsOfAnySizeWeigh(size: Double, isStack: Bool)
    throws
  {
    let inputs = [
      ResampleInput(Self.frame(10), map: .shift(dx: 0, dy: 0), weight: 3 * size),
      ResampleInput(Self.frame(20), map: .shift(dx: 0, dy: 0), weight: size),
    ]
    let method: ResampleOptions.Method =
      isStack ? .stack(CombineOptions(method: .wmean, clipping: Clipping(kappaLow: 9, kappaHigh: 9))) : .mean
    let mosaic = try resample(
      inputs, width: 20, height: 15, options: ResampleOptions(kernel: .shift, method: method))
    #expect(abs(mosaic.measured.value[5, 5] - 12.5) < 1e-4)
    #expect(mosaic.weight[5, 5].isFinite && mosaic.weight[5, 5] > 0)
  }

  /// A stack's own weights are of other frames than those that reach a band.
  @Test func weightsOfTheOptionsCountForNothing() throws {
    let inputs = [Float(1), 2, 9].enumerated().map { i, value in
      ResampleInput(Self.frame(value), map: .shift(dx: 0, dy: i == 0 ? 40 : 0))
    }
    let method = ResampleOptions.Method.stack(CombineOptions(method: .median, weights: .frames([1, 1, 0])))
    let mosaic = try resample(
      inputs, width: 20, height: 60, options: ResampleOptions(kernel: .shift, method: method))
    #expect(mosaic.measured.value[5, 5] == 5.5 && mosaic.measured.value[5, 45] == 1)
  }

  /// Frames turned against the mosaic reach it with many rows: less memory makes more strips, and the same mosaic.
  @Test(arguments: [ResampleOptions.Kernel.square, .point, .lanczos3], [0.3, 1.5])
  func turnedFramesComeOutTheSameWithLittleMemory(kernel: ResampleOptions.Kernel, angle: Double) throws {
    var noise = Noise(seed: 8)
    let (c, s) = (cos(angle), sin(angle))
    let side = 150
    let inputs = try (0..<3).map { _ in
      let map = PixelMap.grid(
        try CoordinateGrid(window: PixelWindow(x0: 0, y0: 0, width: side, height: side)) { x, y in
          zip(x, y).map { (75 + c * ($0 - 75) - s * ($1 - 75), 75 + s * ($0 - 75) + c * ($1 - 75)) }
        })
      return ResampleInput(Measured.noisy(side, side, value: 100, sigma: 5, &noise), map: map)
    }
    let mosaics = try [64 << 20, 1].map { bytes in
      let input = inputs.map { input in
        // Read by rows, as from a file.
        ResampleInput(width: side, height: side, map: input.map) { try input.rows($0) }
      }
      return try resample(
        input, width: side, height: side, options: ResampleOptions(kernel: kernel, bandBytes: bytes))
    }
    #expect(mosaics[0].coverage[75, 75] == 3 || kernel == .point)
    #expect(Self.bits(mosaics[0]) == Self.bits(mosaics[1]))
  }

  private static func bits(_ mosaic: Mosaic) -> [UInt32] {
    mosaic.measured.value.elements.map(\.bitPattern) + mosaic.measured.error.elements.map(\.bitPattern)
      + mosaic.measured.quality.elements
  }

  /// A map torn beside a pixel makes no drop as large as the tear.
  @Test(arguments: [Double.infinity, 1e7, -1e30]) func aTornMapLosesThePixelsBesideIt(place: Double) throws {
    var x = Plane<Double>(width: 20, height: 15, repeating: 0)
    var y = x
    for j in 0..<15 { for i in 0..<20 { (x[i, j], y[i, j]) = (Double(i), Double(j)) } }
    x[8, 7] = place
    let mosaic = try resample(
      [ResampleInput(Self.frame(), map: .pixels(x: x, y: y))], width: 20, height: 15,
      options: ResampleOptions(kernel: .square, pixfrac: 1))
    #expect(mosaic.coverage[8, 7] == 0 && mosaic.coverage[3, 3] == 1)
  }

  @Test func aShiftToNowhereReachesNothing() throws {
    for shift in [Double.nan, .infinity, 1e300] {
      let mosaic = try resample(
        [ResampleInput(Self.frame(), map: .shift(dx: 0, dy: shift))], width: 20, height: 15,
        options: ResampleOptions(kernel: .shift))
      #expect(mosaic.coverage.elements.allSatisfy { $0 == 0 })
    }
  }

  /// An error that is not known is flagged in what it makes, and spoils no neighbour.
  @Test(arguments: [ResampleOptions.Kernel.square, .lanczos3])
  func unknownErrorsAreFlagged(kernel: ResampleOptions.Kernel) throws {
    var frame = Self.frame()
    frame.error[8, 7] = .nan
    let mosaic = try resample(
      [ResampleInput(frame, map: .shift(dx: 0, dy: 0))], width: 20, height: 15,
      options: ResampleOptions(kernel: kernel, pixfrac: 1))
    #expect(mosaic.measured.quality[8, 7] & DQ.unreliableError != 0)
    #expect(mosaic.measured.error[1, 7].isFinite && mosaic.measured.error[15, 7].isFinite)
    #expect(mosaic.measured.value[8, 7] == 10)
  }

  @Test func anEmptyPatchHasNoShift() {
    let none = Plane<Float>(width: 0, height: 0, repeating: 0)
    #expect(PatchShift(of: none, in: Plane(width: 4, height: 4, repeating: 1), search: 2) == nil)
  }

  @Test func readsBeyondTheCounterAreCountedAsMany() {
    let reads = 66_000
    var ramp = Ramp<Float>(integrations: 1, reads: reads, height: 1, width: 17, repeating: 0)
    ramp.withUnsafeMutableBuffer { samples in
      for i in samples.indices { samples[i] = Float(i / 17) }
    }
    let fit = fitRamp(
      ramp,
      options: RampFitOptions(method: .utr, times: [(0..<reads).map(Double.init)], gain: 1, readNoise: 1))
    #expect(fit.readsUsed.elements.allSatisfy { $0 == .max })
  }
}
