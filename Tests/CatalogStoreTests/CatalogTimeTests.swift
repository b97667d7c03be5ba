import CatalogStore
import Testing

@Suite struct CatalogTimeTests {
  @Test(arguments: [
    (0.0, "1970-01-01T00:00:00.000Z"), (1_784_020_364.7, "2026-07-14T09:12:44.700Z"),
    (-0.001, "1969-12-31T23:59:59.999Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
  ])
  func writesAndReads(_ seconds: Double, _ text: String) {
    #expect(CatalogTime.text(seconds) == text)
    #expect(CatalogTime.seconds(text).map { abs($0 - seconds) < 1e-5 } == true)
  }

  @Test(arguments: ["", "today", "2026-13-01", "2026-07-14T25:00", "2026-07", "2026-07-14T09:12:44 x"])
  func refuses(_ text: String) {
    #expect(CatalogTime.seconds(text) == nil)
  }

  @Test func shortForms() {
    #expect(CatalogTime.seconds("2026-07-14") == CatalogTime.seconds("2026-07-14T00:00:00Z"))
    #expect(CatalogTime.seconds("2026-07-14 09:12") == CatalogTime.seconds("2026-07-14T09:12:00.0Z"))
  }

  @Test func wordsForAShell() {
    #expect(ShellWord.quoted("plain-1.fits") == "plain-1.fits")
    #expect(ShellWord.quoted("a;b") == "'a;b'")
    #expect(ShellWord.quoted("a\nb'") == "$'a\\nb\\''")
    #expect(ShellWord.quoted("") == "''")
  }
}
