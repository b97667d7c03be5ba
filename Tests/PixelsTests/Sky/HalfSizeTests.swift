import Pixels
import Testing

/// Images of half the size and masks back at the whole.
@Suite struct HalfSizeTests {
  @Test func meansOfGoodPixels() {
    var frame = Measured(
      value: Plane(width: 5, height: 4, elements: (0..<20).map(Float.init)),
      error: Plane(width: 5, height: 4, repeating: 1), quality: Plane(width: 5, height: 4, repeating: 0))
    frame.quality[0, 0] = DQ.doNotUse
    frame.value[1, 0] = .nan
    for (x, y) in [(2, 2), (3, 2), (2, 3), (3, 3)] { frame.quality[x, y] = DQ.doNotUse }
    let (half, unusable) = frame.halfSize(excluding: DQ.doNotUse)
    #expect(half.width == 2 && half.height == 2)
    #expect(half[0, 0] == 5.5 && half[1, 0] == 5 && half[0, 1] == 13)
    #expect(unusable.count == 1 && unusable.contains(x: 1, y: 1))
    let whole = unusable.doubled(width: 5, height: 4)
    #expect(whole.count == 4 && whole.contains(x: 2, y: 2) && whole.contains(x: 3, y: 3))
    #expect(unusable.doubled(width: 5, height: 5).count == 4)
  }
}
