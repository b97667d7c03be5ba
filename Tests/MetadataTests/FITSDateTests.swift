import Foundation
import Metadata
import Testing

@Suite struct FITSDateTests {
  /// 2024-09-24T00:00:00 UTC, from the calendar and from a header of the reference pipeline (EXPJDST
  /// 2460577.5).
  private let midnight = Date(timeIntervalSince1970: 1_727_136_000)

  @Test(arguments: [
    "2024-09-24", "2024-09-24T00:00:00", "2024-09-24T00:00:00.000Z", "2024-09-24 00:00:00", "20240924000000",
    " 2024-09-24T00:00 ", "2024-09-23T23:59:60",
  ])
  func readsEveryForm(_ text: String) {
    #expect(FITSDate.parse(text) == midnight)
  }

  @Test func readsTheOldForm() {
    #expect(FITSDate.parse("24/09/99") == FITSDate.parse("1999-09-24"))
  }

  @Test(arguments: [
    "", "yesterday", "2024-13-01", "2024-02-30", "2023-02-29", "2024-09-24T25:00:00", "2024-09-24T12:61:00",
    "20241324000000", "24-09-2024", "2024-09-24T", "2024-9", "2024-09-24T1e1:00:00", "2024-09-24T10:00:1e1",
  ])
  func refusesWhatTheCalendarDoesNotHave(_ text: String) {
    #expect(FITSDate.parse(text) == nil)
  }

  @Test func leapDays() {
    #expect(FITSDate.parse("2000-02-29") != nil)
    #expect(FITSDate.parse("1900-02-29") == nil)
  }

  @Test func julianAndModifiedJulianByValue() {
    #expect(FITSDate.fromJulian(2_460_577.5) == midnight)
    #expect(FITSDate.fromJulian(60_577.0) == midnight)
    #expect(FITSDate.fromJulian(.nan) == nil)
    #expect(FITSDate.fromJulian(-1) == nil)
    #expect(FITSDate.modifiedJulian(midnight) == 60_577)
  }

  @Test func microsecondsOfModifiedJulianDate() throws {
    let date = try #require(FITSDate.fromModifiedJulianMicroseconds(60_577.0 * 86_400e6 + 1_500_000))
    #expect(abs(date.timeIntervalSince(midnight) - 1.5) < 1e-6)
  }

  @Test func writesWhatItReads() throws {
    for text in ["2026-07-14T09:12:44.700", "1858-11-17T00:00:00", "1999-12-31T23:59:59.999"] {
      let date = try #require(FITSDate.parse(text))
      #expect(FITSDate.text(of: date) == text)
    }
  }

  @Test func tenthsAreCut() throws {
    let pairs = [
      ("2026-07-14T09:12:44.7", "20260714T0912447"), ("2026-07-14T09:12:44.79", "20260714T0912447"),
      ("2026-07-14T23:59:59.99", "20260714T2359599"), ("2026-07-14", "20260714T0000000"),
    ]
    for (text, compact) in pairs {
      #expect(FITSDate.compactText(of: try #require(FITSDate.parse(text))) == compact)
    }
  }

  /// Every tenth of an hour: the decimal tenth must survive its binary form.
  @Test func everyTenthSurvives() throws {
    for tenth in 0..<36_000 {
      let text = "2026-07-14T09:\(two(tenth / 600)):\(two(tenth / 10 % 60)).\(tenth % 10)"
      let expected = "20260714T09\(two(tenth / 600))\(two(tenth / 10 % 60))\(tenth % 10)"
      let date = try #require(FITSDate.parse(text))
      if FITSDate.compactText(of: date) != expected {
        Issue.record("\(text) is written \(FITSDate.compactText(of: date))")
      }
    }
  }

  private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
