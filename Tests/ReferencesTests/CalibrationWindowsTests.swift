import References
import Testing

@Suite struct CalibrationWindowsTests {
  let windows = CalibrationWindows()

  @Test func levelsWidenAndEnd() {
    let day = 86_400.0
    #expect(windows.level(type: "dark", distanceSeconds: 0.5 * day) == 0)
    #expect(windows.level(type: "dark", distanceSeconds: 7 * day) == 1)
    #expect(windows.level(type: "flat", distanceSeconds: 8 * day) == 1)
    #expect(windows.level(type: "dark", distanceSeconds: 179 * day) == 3)
    #expect(windows.level(type: "dark", distanceSeconds: 181 * day) == nil)
    #expect(windows.level(type: "mask", distanceSeconds: 9999 * day) == 0)
  }
}
