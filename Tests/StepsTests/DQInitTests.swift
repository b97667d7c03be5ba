import Pixels
import ReadoutSteps
import Testing

@Suite struct DQInitTests {
  @Test func masksAreOredAndUnusablePixelsExcludedOnce() {
    var flags = Plane<UInt32>(width: 4, height: 1, elements: [0, DQ.hot, DQ.warm, DQ.saturated])
    let mask = Plane<UInt32>(width: 4, height: 1, elements: [DQ.dead, 0, DQ.lowQe, DQ.otherBadPixel])
    initialiseFlags(&flags, mask: mask)
    let expected = [
      DQ.dead | DQ.doNotUse, DQ.hot | DQ.doNotUse, DQ.warm | DQ.lowQe,
      DQ.saturated | DQ.otherBadPixel | DQ.doNotUse,
    ]
    #expect(flags.elements == expected)
    initialiseFlags(&flags, mask: mask)
    #expect(flags.elements == expected)
  }

  @Test func holesOfSubarraysAreNotScience() {
    var image = Measured(width: 2, height: 1, repeating: 5, error: 1)
    let holes = Plane<UInt16>(width: 2, height: 1, elements: [0, 3])
    initialiseFlags(&image, mask: nil, holes: holes)
    #expect(image.value[0, 0] == 5)
    #expect(image.value[1, 0].isNaN)
    #expect(image.quality.elements == [0, DQ.nonScience | DQ.doNotUse])
  }
}
