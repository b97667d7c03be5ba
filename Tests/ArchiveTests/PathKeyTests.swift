import Archive
import Testing

@Suite struct PathKeyTests {
  /// One code point and two: one string to Swift, two files to the disk.
  @Test func namesThatLookAlikeAreTwoFiles() {
    let (composed, decomposed) = ("/in/caf\u{E9}.fits", "/in/cafe\u{301}.fits")
    #expect(composed == decomposed)
    #expect(PathKey(composed) != PathKey(decomposed))
    #expect(Set([PathKey(composed), PathKey(decomposed), PathKey(composed)]).count == 2)
  }
}
