import Pixels
import Testing

@Suite struct PixelDifferenceTests {
  private func difference(
    _ a: [Double], _ b: [Double], errors: [Double]? = nil, sigma: Double? = nil, band: Int = .max
  ) -> PixelDifference {
    var result = PixelDifference(sigma: sigma)
    for first in stride(from: 0, to: a.count, by: min(band, a.count)) {
      let range = first..<min(a.count, first + min(band, a.count))
      Array(a[range]).withUnsafeBufferPointer { x in
        Array(b[range]).withUnsafeBufferPointer { y in
          guard let errors else { return result.add(x, y) }
          Array(errors[range]).withUnsafeBufferPointer { result.add(x, y, errors: $0) }
        }
      }
    }
    return result
  }

  @Test func countsLargestAndItsPlace() {
    let d = difference([1, 2, 3, 4], [1, 2.5, 3, 2])
    #expect(d.pixels == 4 && d.differing == 2 && d.nanInOne == 0)
    #expect(d.largest?.difference == 2 && d.largest?.pixel == 3)
    #expect(d.rmsSigma == nil && d.fractionBeyond == nil)
  }

  @Test func twoNaNAreEqualAndInfinitiesToo() {
    let d = difference([.nan, .nan, 1, .infinity], [.nan, 1, .nan, .infinity])
    #expect(d.differing == 2 && d.nanInOne == 2 && d.largest == nil)
    let opposite = difference([.infinity], [-.infinity])
    #expect(opposite.differing == 1 && opposite.largest?.difference == .infinity)
  }

  @Test func sigmasCountOnlyWhereThereIsAnError() {
    let d = difference([0, 0, 0, 0], [3, -4, 5, 1], errors: [1, 2, 0, .nan], sigma: 2)
    #expect(d.judged == 2)
    #expect(d.rmsSigma == (13.0 / 2).squareRoot())
    #expect(d.fractionBeyond == 0.5)
  }

  @Test(arguments: [1, 3, 7])
  func bandsDoNotMatter(band: Int) {
    let a = (0..<20).map { Double($0) }
    let b = a.map { $0.truncatingRemainder(dividingBy: 3) == 0 ? $0 + 0.25 : $0 }
    let errors = [Double](repeating: 0.5, count: 20)
    #expect(
      difference(a, b, errors: errors, sigma: 0.4, band: band) == difference(a, b, errors: errors, sigma: 0.4)
    )
  }

  @Test func flagsGiveTheBitsThatDiffer() {
    var d = PixelDifference()
    [Int64(1), 5, 0].withUnsafeBufferPointer { a in
      [Int64(1), 1, 1 << 31].withUnsafeBufferPointer { d.add(a, $0) }
    }
    #expect(d.differing == 2 && d.bits == 4 | 1 << 31)
  }
}
