import CalibrationSteps
import Pixels
import Testing

@Suite struct LevelTests {
  private func image(_ values: [Float]) -> Measured {
    let plane = Plane(width: values.count, height: 1, elements: values)
    return Measured(
      value: plane, error: Plane(width: values.count, height: 1, repeating: 1),
      quality: Plane(width: values.count, height: 1, repeating: 0))
  }

  @Test func mediansAreExactOverAllSigns() {
    #expect(ImageLevel(method: .median).value(of: image([3, -1, 2])) == 2)
    #expect(ImageLevel(method: .median).value(of: image([-3, -1, -2, 1e-30])) == -1.5)
    #expect(ImageLevel(method: .median).value(of: image([.nan, 5, .infinity])) == 5)
    #expect(ImageLevel(method: .median).value(of: image([.nan])).isNaN)
  }

  @Test func flaggedPixelsDoNotCount() {
    var image = image([1, 2, 1000])
    image.quality[2, 0] = DQ.doNotUse
    #expect(ImageLevel(method: .mean).value(of: image) == 1.5)
  }

  /// Integers around 50 with a long tail: the mode is where most of them are.
  @Test func theModeIsTheDensestPlace() {
    let values = (0..<400).map { (i: Int) -> Float in
      let offset = i % 20 == 0 ? i / 20 : i % 3 - 1
      return Float(50 + offset)
    }
    #expect(abs(ImageLevel(method: .mode).value(of: image(values)) - 50) <= 1)
    #expect(ImageLevel(method: .mode).value(of: image([7, 7, 7, 7, 1, 20, 3])) == 7)
  }
}
