import Pixels
import Testing

@Suite struct PixelMaskTests {
  private func random(_ width: Int, _ height: Int, share: Double, seed: UInt64) -> Plane<UInt8> {
    var noise = Noise(seed: seed)
    return Plane(
      width: width, height: height,
      elements: (0..<width * height).map { _ in noise.uniform() < share ? 1 : 0 })
  }

  @Test(arguments: [0, 0.01, 0.5, 1])
  func planesComeBack(share: Double) {
    let plane = random(37, 23, share: share, seed: 3)
    let mask = PixelMask(nonZero: plane)
    #expect(mask.plane == plane)
    #expect(mask.count == plane.elements.reduce(0) { $0 + Int($1) })
    #expect(mask.isEmpty == (share == 0))
    for y in 0..<23 { for x in 0..<37 { #expect(mask.contains(x: x, y: y) == (plane[x, y] != 0)) } }
  }

  /// Against the definition: a pixel is inside when one within the radius was.
  @Test(arguments: [0.5, 1, 1.5, 3, 5.2])
  func dilationIsADisc(radius: Double) {
    let plane = random(41, 29, share: 0.01, seed: 11)
    let grown = PixelMask(nonZero: plane).dilated(by: radius)
    for y in 0..<29 {
      for x in 0..<41 {
        var isNear = false
        for j in 0..<29 {
          for i in 0..<41 where plane[i, j] != 0 {
            let squared = Double((i - x) * (i - x) + (j - y) * (j - y))
            isNear = isNear || squared <= radius * radius
          }
        }
        #expect(grown.contains(x: x, y: y) == isNear, "\(x) \(y)")
      }
    }
  }

  @Test func unionsAndFlags() {
    let (a, b) = (random(33, 9, share: 0.2, seed: 1), random(33, 9, share: 0.2, seed: 2))
    let both = PixelMask(nonZero: a).union(PixelMask(nonZero: b))
    var quality = Plane<UInt32>(width: 33, height: 4, repeating: DQ.hot)
    both.raise(DQ.doNotUse, in: &quality, rows: 3..<7)
    for y in 0..<9 {
      for x in 0..<33 {
        let inside = a[x, y] != 0 || b[x, y] != 0
        #expect(both.contains(x: x, y: y) == inside)
        if (3..<7).contains(y) {
          #expect(quality[x, y - 3] == (inside ? DQ.hot | DQ.doNotUse : DQ.hot))
        }
      }
    }
  }

  @Test func unusablePixelsAreFlaggedOrNotFinite() {
    var image = Measured(width: 4, height: 2, repeating: 1)
    image.value[1, 0] = .nan
    image.value[2, 1] = -.infinity
    image.quality[3, 1] = DQ.doNotUse | DQ.hot
    image.quality[0, 0] = DQ.hot
    #expect(PixelMask(unusable: image).plane.elements == [0, 1, 0, 0, 0, 0, 1, 1])
    #expect(PixelMask(unusable: image, flags: DQ.hot).plane.elements == [1, 1, 0, 0, 0, 0, 1, 1])
  }
}
