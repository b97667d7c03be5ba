import Foundation
import Pixels
import Testing

/// Flags, weights, coverage and bands of mosaics.
@Suite struct ResampleTests {
  private static func image(_ value: Float, error: Float = 2, width: Int = 20, height: Int = 15) -> Measured {
    Measured(width: width, height: height, repeating: value, error: error)
  }

  @Test(arguments: ResampleOptions.Kernel.allCases)
  func bothWaysOfAWholeShiftAreCopies(kernel: ResampleOptions.Kernel) throws {
    var noise = Noise(seed: 3)
    var image = Measured.noisy(20, 15, value: 100, sigma: 5, &noise)
    image.quality[4, 5] = DQ.warm
    let direction = kernel.gathers ? -1.0 : 1
    let mosaic = try resample(
      [ResampleInput(image, map: .shift(dx: 3 * direction, dy: 2 * direction), weight: 4, exposure: 30)],
      width: 30, height: 20, options: ResampleOptions(kernel: kernel, pixfrac: 0.8))
    for y in 0..<20 {
      for x in 0..<30 {
        let isInside = (3..<23).contains(x) && (2..<17).contains(y)
        #expect(mosaic.coverage[x, y] == (isInside ? 1 : 0))
        guard isInside else {
          #expect(mosaic.measured.value[x, y].isNaN && mosaic.measured.error[x, y].isNaN)
          #expect(mosaic.measured.quality[x, y] == DQ.doNotUse | DQ.nonScience)
          #expect(mosaic.weight[x, y] == 0 && mosaic.exposure[x, y] == 0 && mosaic.context[0][x, y] == 0)
          continue
        }
        #expect(abs(mosaic.measured.value[x, y] / image.value[x - 3, y - 2] - 1) < 1e-6)
        #expect(abs(mosaic.measured.error[x, y] / image.error[x - 3, y - 2] - 1) < 1e-6)
        #expect(abs(mosaic.weight[x, y] - 4) < 1e-5)
        #expect(mosaic.exposure[x, y] == 30 && mosaic.context[0][x, y] == 1)
      }
    }
    if kernel == .shift {
      #expect(mosaic.measured.value[7, 7] == image.value[4, 5])
      #expect(mosaic.measured.quality[7, 7] == DQ.warm)
    }
  }

  /// A bad pixel weighs nothing: the other frame alone shows the place, and the bad one's flags stay behind.
  @Test(arguments: ResampleOptions.Kernel.allCases) func badPixelsWeighNothing(kernel: ResampleOptions.Kernel)
    throws
  {
    var first = Self.image(10)
    first.quality[6, 6] = DQ.doNotUse | DQ.hot
    first.value[6, 6] = 5000
    first.value[9, 9] = .nan
    var second = Self.image(20)
    second.quality[6, 6] = DQ.warm
    let inputs = [first, second].map { ResampleInput($0, map: .shift(dx: 0, dy: 0)) }
    let mosaic = try resample(inputs, width: 20, height: 15, options: ResampleOptions(kernel: kernel))
    #expect(abs(mosaic.measured.value[6, 6] - 20) < 1e-4 && abs(mosaic.measured.value[9, 9] - 20) < 1e-4)
    #expect(mosaic.measured.quality[6, 6] == DQ.warm && mosaic.measured.quality[9, 9] & DQ.doNotUse == 0)
    #expect(mosaic.coverage[6, 6] == 1 && mosaic.context[0][6, 6] == 2)
    #expect(abs(mosaic.measured.value[2, 2] - 15) < 1e-4)
    #expect(abs(mosaic.measured.error[2, 2] - 2 / Float(2).squareRoot()) < 1e-4)
  }

  @Test func aPixelThatNoFrameShowsWell() throws {
    var image = Self.image(10)
    image.quality[6, 6] = DQ.doNotUse
    let mosaic = try resample(
      [ResampleInput(image, map: .shift(dx: 0, dy: 0))], width: 20, height: 15,
      options: ResampleOptions(kernel: .point))
    #expect(mosaic.measured.value[6, 6].isNaN)
    #expect(mosaic.measured.quality[6, 6] == DQ.doNotUse | DQ.nonScience)
  }

  /// Weighted means: 1:3 of 10 and 20 is 17.5 with the error `sqrt(1 + 9) / 4` of one.
  @Test func weightsOfFrames() throws {
    let inputs = [
      ResampleInput(Self.image(10), map: .shift(dx: 0, dy: 0), weight: 1),
      ResampleInput(Self.image(20), map: .shift(dx: 0, dy: 0), weight: 3),
    ]
    for kernel in ResampleOptions.Kernel.allCases {
      let mosaic = try resample(inputs, width: 20, height: 15, options: ResampleOptions(kernel: kernel))
      #expect(abs(mosaic.measured.value[10, 7] - 17.5) < 1e-4)
      #expect(abs(mosaic.measured.error[10, 7] - 2 * Float(10).squareRoot() / 4) < 1e-4)
      #expect(abs(mosaic.weight[10, 7] - 4) < 1e-4)
    }
  }

  /// An outlier in one of five frames is clipped away, or outvoted; the mean holds it.
  @Test func stacksRejectOutliers() throws {
    var noise = Noise(seed: 5)
    var frames = (0..<5).map { _ in Measured.noisy(40, 30, value: 100, sigma: 2, &noise) }
    frames[2].value[11, 12] = 5000
    let inputs = frames.map { ResampleInput($0, map: .shift(dx: 0, dy: 0)) }
    func at(_ method: ResampleOptions.Method) throws -> Float {
      try resample(inputs, width: 40, height: 30, options: ResampleOptions(kernel: .shift, method: method))
        .measured.value[11, 12]
    }
    #expect(try at(.mean) > 900)
    #expect(abs(try at(.stack(CombineOptions(method: .median, clipping: nil))) - 100) < 6)
    #expect(
      abs(try at(.stack(CombineOptions(method: .wmean, clipping: Clipping(minimumSurvivors: 2)))) - 100) < 6)
  }

  /// The result does not depend on the bands; frames reach some of them only.
  @Test(arguments: ResampleOptions.Kernel.allCases) func bandsDoNotMatter(kernel: ResampleOptions.Kernel)
    throws
  {
    var noise = Noise(seed: 9)
    let direction = kernel.gathers ? -1.0 : 1
    let inputs = (0..<3).map { i in
      let shift = kernel == .shift ? Double(i) * 30 : Double(i) * 30.4
      return ResampleInput(
        Measured.noisy(200, 150, value: 100, sigma: 2, &noise),
        map: .shift(dx: shift * direction, dy: shift * direction))
    }
    let stack = ResampleOptions.Method.stack(CombineOptions(method: .median, clipping: nil))
    for method in [ResampleOptions.Method.mean, stack] {
      var options = ResampleOptions(kernel: kernel, method: method)
      let one = try resample(inputs, width: 270, height: 220, options: options)
      options.bandBytes = 1
      let many = try resample(inputs, width: 270, height: 220, options: options)
      #expect(one.measured.value == many.measured.value && one.measured.error == many.measured.error)
      #expect(one.measured.quality == many.measured.quality && one.coverage == many.coverage)
      #expect(one.context == many.context && one.weight == many.weight && one.exposure == many.exposure)
    }
  }

  /// 40 frames need two planes of context, whose bits can be had for any 24 of them.
  @Test func contextOfManyFrames() throws {
    let inputs = (0..<40).map { i in
      ResampleInput(Self.image(1), map: .shift(dx: i % 3 == 0 ? 0 : 100, dy: 0))
    }
    let mosaic = try resample(inputs, width: 20, height: 15, options: ResampleOptions(kernel: .shift))
    #expect(mosaic.context.count == 2 && mosaic.coverage[5, 5] == 14)
    let bits = (0..<40).map { i in i % 3 == 0 }
    for (range, plane) in [(0..<24, mosaic.contextBits(0..<24)), (24..<40, mosaic.contextBits(24..<40))] {
      let expected = range.reduce(UInt32(0)) { $0 | (bits[$1] ? 1 << UInt32($1 - range.lowerBound) : 0) }
      #expect(plane[5, 5] == Float(expected))
    }
  }

  @Test func optionsThatDoNotFit() {
    func code(_ inputs: [ResampleInput], _ options: ResampleOptions) -> String? {
      do {
        _ = try resample(inputs, width: 4, height: 4, options: options)
        return nil
      } catch { return (error as? PixelsError)?.code }
    }
    let input = ResampleInput(Self.image(1), map: .shift(dx: 0, dy: 0))
    let weightless = ResampleInput(Self.image(1), map: .shift(dx: 0, dy: 0), weight: 0)
    #expect(code([], ResampleOptions()) == "no-frames")
    #expect(code([input], ResampleOptions(pixfrac: 0)) == "pixfrac-value")
    #expect(code([weightless], ResampleOptions()) == "weights-value")
    #expect(code([input], ResampleOptions()) == nil)
  }
}
