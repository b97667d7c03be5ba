import Foundation
import Pixels
import Testing

@Suite struct SlicerFlatTests {
  /// Three tilted slices with a response of degree 4 and a tenth of their rows vignetted.
  private func flat(_ noise: inout Noise) -> (Measured, truth: Plane<Float>) {
    let (width, height) = (512, 120)
    var flat = Measured(width: width, height: height, repeating: 0, error: 1)
    var truth = Plane<Float>(width: width, height: height, repeating: .nan)
    for y in 0..<height {
      for x in 0..<width {
        let along = y - 5 - Int(8 * Double(x) / Double(width))
        let (slice, row) = (along / 36, along % 36)
        guard along >= 0, slice < 3, row < 32 else { continue }
        let u = 2 * Double(x) / 511 - 1
        let response = 1000 * Double(slice + 2) * (1 - 0.3 * u * u + 0.1 * u * u * u * u + 0.1 * u)
        let pixel = 1 + 0.01 * noise.gaussian()
        flat.value[x, y] = Float(response * pixel)
        truth[x, y] = Float(pixel)
      }
    }
    return (flat, truth)
  }

  @Test func slicesAreFoundAndTheirResponseDividedOut() throws {
    var noise = Noise(seed: 21)
    let (input, truth) = flat(&noise)
    let result = try removeSlicerResponse(from: input)
    #expect(result.slices.count == 3)
    var worst: Float = 0
    for y in 0..<120 {
      for x in 0..<512 where result.flat.quality[x, y] == 0 {
        // A median along 32 rows of 1 % scatter, and a fit of 7 coefficients to 512 of them: 0.03 % everywhere, 5 sigma.
        worst = max(worst, abs(result.flat.value[x, y] / truth[x, y] - 1))
      }
    }
    #expect(worst < 0.003, "\(worst)")
    let judged = result.flat.quality.elements.filter { $0 == 0 }.count
    #expect(judged > 3 * 28 * 512)
    // Between the slices there is no flat.
    #expect(result.flat.value[0, 0].isNaN)
    #expect(result.flat.quality[0, 0] == DQ.nonScience | DQ.doNotUse)
  }

  @Test func subtractionKeepsTheLevel() throws {
    var noise = Noise(seed: 22)
    let (input, truth) = flat(&noise)
    let result = try removeSlicerResponse(from: input, options: SlicerFlatOptions(removal: .subtract))
    // The middle of the first slice: 2000 in the mean, less what the response varies.
    let value = result.flat.value[256, 20]
    let response = result.response[256, 20]
    #expect(abs(value - (input.value[256, 20] - response + mean(result.response, row: 20))) < 0.5)
    #expect(truth[256, 20].isFinite)
  }

  private func mean(_ plane: Plane<Float>, row: Int) -> Float {
    (0..<plane.width).map { plane[$0, row] }.reduce(0, +) / Float(plane.width)
  }

  @Test func darknessHasNoSlices() {
    #expect(throws: PixelsError.self) {
      try removeSlicerResponse(from: Measured(width: 64, height: 64, repeating: 0, error: 1))
    }
  }
}
