import PipelineEngine
import Testing

@Suite struct BandMediansTests {
  /// Bands lie at equal distances over the whole image, inside it, and as far as it has rows.
  @Test func bandsAreAllOverTheImage() {
    func bands(_ count: Int, rows: Int, height: Int) -> [Range<Int>] {
      var seen: [Range<Int>] = []
      _ = medianOfBands(count, rows: rows, height: height) {
        seen.append($0)
        return 0
      }
      return seen
    }
    #expect(bands(4, rows: 10, height: 400) == [45..<55, 145..<155, 245..<255, 345..<355])
    #expect(bands(3, rows: 8, height: 12) == [0..<8, 2..<10, 4..<12])
    #expect(bands(2, rows: 8, height: 5) == [0..<5, 0..<5])
  }

  /// Bands that say nothing, or no number, do not count.
  @Test func silentBandsDoNotCount() {
    let found = medianOfBands(5, rows: 1, height: 5) { [7, nil, .nan, 1, 3][$0.lowerBound] }
    #expect(found == 3)
    #expect(medianOfBands(5, rows: 1, height: 5) { _ in nil } == nil)
  }
}
