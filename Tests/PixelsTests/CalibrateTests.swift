import Foundation
import Pixels
import Testing

@Suite struct CalibrateTests {
  private func measured(_ file: GoldenFile, _ value: String, _ error: String, _ quality: String) throws
    -> Measured
  {
    let image = try file.image(value)
    let (height, width) = (image.shape[0], image.shape[1])
    return Measured(
      value: Plane(width: width, height: height, elements: image.floats),
      error: Plane(width: width, height: height, elements: try file.image(error).floats),
      quality: Plane(width: width, height: height, elements: try file.image(quality).flags))
  }

  /// The reference lets NaN of a dark spread; ours subtracts 0 there and says so.
  @Test func darkSubtractionAgreesWithTheGoldenCase() throws {
    let input = try GoldenFile("calib_in.fits")
    let output = try GoldenFile("dark_sub_out.fits")
    let science = try measured(input, "SCI", "SCI_ERR", "SCI_DQ")
    let result = subtractDark(science, try measured(input, "DARK", "DARK_ERR", "DARK_DQ"))
    var expected = try output.image("DATA").pixels
    var errors = try output.image("ERR").pixels
    var flags = try output.image("DQ").flags
    let hole = 6 * 64 + 6
    #expect(expected[hole].isNaN)
    expected[hole] = Double(science.value[6, 6])
    errors[hole] = Double(science.error[6, 6])
    flags[hole] |= DQ.unreliableDark
    #expect(largestDifference(result.value.elements.doubles, expected) < 1e-6)
    #expect(largestDifference(result.error.elements.doubles, errors) < 1e-6)
    #expect(result.quality.elements == flags)
  }

  /// Known bugs of the reference: NO_FLAT_FIELD is lost, flags are cut to 16 bits, the error divides by the
  /// unrepaired flat (infinite, NaN or negative). There the mathematics decides: divided by 1, flagged,
  /// finite error.
  @Test func flatDivisionAgreesWithTheGoldenCase() throws {
    let input = try GoldenFile("calib_in.fits")
    let dark = try GoldenFile("dark_sub_out.fits")
    let output = try GoldenFile("flat_field_out.fits")
    let science = try measured(dark, "DATA", "ERR", "DQ")
    let flat = try measured(input, "FLAT", "FLAT_ERR", "FLAT_DQ")
    let result = divideFlat(science, flat)
    var expected = try output.image("DATA").pixels
    var errors = try output.image("ERR").pixels
    var flags = zip(science.quality.elements, flat.quality.elements).map { $0 | $1 }
    for (x, y) in [(10, 10), (11, 11), (12, 12), (15, 15)] {
      expected[y * 64 + x] = Double(science.value[x, y])
      errors[y * 64 + x] = Double(science.error[x, y])
      flags[y * 64 + x] |= DQ.noFlatField | DQ.doNotUse
    }
    // The NaN that the reference's dark left behind.
    flags[6 * 64 + 6] |= DQ.doNotUse
    errors[6 * 64 + 6] = .nan
    #expect(largestDifference(result.value.elements.doubles, expected) < 1e-6)
    #expect(largestDifference(result.error.elements.doubles, errors) < 2e-6)
    #expect(result.quality.elements == flags)
  }

  @Test func scaledBackgroundAgreesWithTheGoldenCase() throws {
    let input = try GoldenFile("background_in.fits").image("DATA")
    let output = try GoldenFile("background_sub.fits")
    let science = Measured(
      value: Plane(width: 160, height: 160, elements: input.floats),
      error: Plane(width: 160, height: 160, repeating: 1),
      quality: Plane(
        width: 160, height: 160, elements: try GoldenFile("background_in.fits").image("MASK").flags))
    var sky = Measured(width: 160, height: 160, repeating: 10, error: 0.1)
    sky.quality[0, 0] = 4
    let result = subtract(science, sky, scale: 1.25)
    let expected = try output.image("DATA").pixels
    let errors = try output.image("ERR").pixels
    #expect(largestDifference(result.value.elements.doubles, expected, floor: 1) < 1e-6)
    #expect(largestDifference(result.error.elements.doubles, errors) < 1e-6)
    #expect(result.quality.elements == (try output.image("DQ").flags))
  }

  @Test func onePassEqualsStepsWhereNothingIsShared() {
    var noise = Noise(seed: 1)
    let science = Measured.noisy(37, 21, value: 500, sigma: 5, &noise)
    let dark = Measured.noisy(37, 21, value: 3, sigma: 0.2, &noise)
    let sky = Measured.noisy(37, 21, value: 200, sigma: 4, &noise)
    let flat = Measured.noisy(37, 21, value: 1, sigma: 0.02, &noise)
    let frames = CalibrationFrames(dark: dark, sky: sky, skyScale: 0.9, skyHoldsDark: false, flat: flat)
    let once = calibrate(science, with: frames)
    let steps = divideFlat(subtract(subtractDark(science, dark), sky, scale: 0.9), flat)
    #expect(largestDifference(once.value.elements.doubles, steps.value.elements.doubles, floor: 1) < 1e-5)
    #expect(largestDifference(once.error.elements.doubles, steps.error.elements.doubles) < 1e-5)
    #expect(once.quality == steps.quality)
  }

  @Test func sharedErrorIsTheCovarianceOfASharedMaster() {
    var noise = Noise(seed: 2)
    let science = Measured.noisy(30, 20, value: 500, sigma: 5, &noise)
    let dark = Measured.noisy(30, 20, value: 30, sigma: 3, &noise)
    let sky = Measured.noisy(30, 20, value: 200, sigma: 4, &noise)
    let once = calibrate(science, with: CalibrationFrames(dark: dark, sky: sky, skyScale: 0.8))
    let frames = CalibrationFrames(
      sky: subtractDark(sky, dark), skyScale: 0.8, skyHoldsDark: false, sharedError: dark.error)
    let steps = calibrate(subtractDark(science, dark), with: frames)
    #expect(largestDifference(once.value.elements.doubles, steps.value.elements.doubles, floor: 1) < 1e-5)
    #expect(largestDifference(once.error.elements.doubles, steps.error.elements.doubles) < 1e-5)
  }

  @Test func notANumberIsLostInScienceAndReplacedInDark() {
    var science = Measured(width: 5, height: 1, repeating: 10, error: 1)
    var dark = Measured(width: 5, height: 1, repeating: 2, error: 0.5)
    var sky = Measured(width: 5, height: 1, repeating: 4, error: 0.5)
    science.value[0, 0] = .nan
    dark.value[1, 0] = .nan
    sky.value[2, 0] = .nan
    science.error[3, 0] = .nan
    let result = calibrate(science, with: CalibrationFrames(dark: dark, sky: sky, skyScale: 0.5))
    #expect(result.value[0, 0].isNaN && result.error[0, 0].isNaN)
    #expect(result.quality[0, 0] & DQ.doNotUse != 0)
    #expect(result.value[1, 0] == 8 && result.quality[1, 0] == DQ.unreliableDark)
    #expect(result.value[2, 0].isNaN && result.quality[2, 0] & DQ.doNotUse != 0)
    #expect(result.value[3, 0] == 7 && result.error[3, 0].isNaN)
    #expect(result.quality[3, 0] == DQ.unreliableError)
    #expect(result.value[4, 0] == 7 && result.quality[4, 0] == 0)
    #expect(abs(result.error[4, 0] - Float(1 + 0.25 * 0.25 + 0.25 * 0.25).squareRoot()) < 1e-6)
  }

  /// Dark, sky and flat are drawn anew in each night: their noise is common to all pixels of a frame only by
  /// chance.
  @Test func pullsOfACalibratedFrameAreOne() {
    var noise = Noise(seed: 3)
    let (width, height) = (64, 40)
    let truth = 800.0
    let k = 0.7
    let flatTruth = 0.8
    let dark = Measured.noisy(width, height, value: 20, sigma: 6, &noise)
    let sky = Measured.noisy(width, height, value: 20 + 300 * flatTruth, sigma: 8, &noise)
    let science = Measured.noisy(
      width, height, value: 20 + (truth + k * 300) * flatTruth, sigma: 10, &noise)
    let flat = Measured.noisy(width, height, value: flatTruth, sigma: 0.004, &noise)
    let result = calibrate(
      science, with: CalibrationFrames(dark: dark, sky: sky, skyScale: Float(k), flat: flat))
    let pulls = result.pulls(truth: truth)
    #expect(abs(pulls.std - 1) < 0.05)
    #expect(abs(pulls.mean) < 4 / Double(pulls.count).squareRoot())
  }

  @Test func framesOfAnotherShapeAreNamed() {
    let science = Measured(width: 4, height: 4)
    let frames = CalibrationFrames(flat: Measured(width: 4, height: 5, repeating: 1))
    #expect { try frames.validate(for: science) } throws: { error in
      (error as? PixelsError)?.code == "shape-mismatch" && (error as? PixelsError)?.subject == "flat"
    }
  }

  @Test func divisionByANumberScalesErrorsAndAddsItsOwn() {
    let frame = Measured(width: 3, height: 3, repeating: 100, error: 3)
    #expect(frame.divided(by: 50).value[1, 1] == 2)
    #expect(abs(frame.divided(by: 50).error[1, 1] - 0.06) < 1e-7)
    let withError = frame.divided(by: 50, error: 1)
    #expect(abs(Double(withError.error[1, 1]) - (9.0 + 4).squareRoot() / 50) < 1e-7)
  }

  /// What is infinite in the frame or the sky is lost; in the dark it is no correction, and that is said.
  @Test func theInfiniteIsFlagged() {
    let size = 20
    func plain(_ value: Float) -> Measured {
      Measured(
        value: Plane(width: size, height: 1, repeating: value),
        error: Plane(width: size, height: 1, repeating: 1),
        quality: Plane(width: size, height: 1, repeating: 0))
    }
    var (science, sky, dark) = (plain(10), plain(4), plain(1))
    science.value[1, 0] = .infinity
    sky.value[2, 0] = -.infinity
    dark.value[3, 0] = .infinity
    science.error[4, 0] = .infinity
    science.value[17, 0] = .nan
    let result = calibrate(science, with: CalibrationFrames(dark: dark, sky: sky, skyScale: 0.5))
    for lost in [1, 2, 17] {
      #expect(result.value[lost, 0].isNaN && result.error[lost, 0].isNaN)
      #expect(result.quality[lost, 0] == DQ.doNotUse)
    }
    #expect(result.value[3, 0] == 8 && result.quality[3, 0] == DQ.unreliableDark)
    #expect(result.value[4, 0] == 7.5 && result.error[4, 0].isNaN)
    #expect(result.quality[4, 0] == DQ.unreliableError)
    #expect(result.value[5, 0] == 7.5 && result.quality[5, 0] == 0)
  }
}
