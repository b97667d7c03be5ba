import FITSStructure
import Metadata
import Testing

@Suite struct ValidationTests {
  @Test func allProblemsAtOnce() {
    let frame = FrameMetadata(primary: [
      Card("EXPTIME", -3.0), Card("OBSTYPE", "SCIENCE"), Card("DATE-OBS", "yesterday"), Card("DATALVL", 7),
      Card("DEC", 95.0), Card("NCOADDS", 0), Card("S_FLAT", "DONE"), Card("INSTMODE", "lenslet"),
    ])
    let problems = frame.problems()
    #expect(
      Set(problems.map(\.keyword)) == [
        "EXPTIME", "OBSTYPE", "DATE-OBS", "DATALVL", "DEC", "NCOADDS", "S_FLAT",
      ])
    #expect(
      problems.first { $0.keyword == "EXPTIME" }?.message
        == "EXPTIME is -3, expected a number from 0 to 1000000 s")
    #expect(
      problems.first { $0.keyword == "OBSTYPE" }?.message
        == "OBSTYPE is 'SCIENCE', expected one of SCI, CAL, ENG")
  }

  @Test(arguments: [
    Card.Value.text("NaN"), .string("nan"), .real(.nan), .string("-Inf"), .integer(-1), .real(2e6),
    .logical(true),
    .string("60"), .text("6 0"),
  ])
  func impossibleExposureTimes(_ value: Card.Value) {
    let problems = FrameMetadata(primary: [Card("EXPTIME", value)]).problems()
    #expect(problems.map(\.keyword) == ["EXPTIME"])
  }

  @Test(arguments: [Card.Value.integer(0), .real(0.278), .integer(1_000_000)])
  func possibleExposureTimes(_ value: Card.Value) {
    #expect(FrameMetadata(primary: [Card("EXPTIME", value)]).problems().isEmpty)
  }

  @Test func requiredByKind() {
    let empty = FrameMetadata(primary: [])
    #expect(empty.problems().isEmpty)
    #expect(empty.problems(kind: "rate").map(\.keyword) == ["OBSTYPE", "OBSNAME", "EXPTIME", "DETECTOR"])
    #expect(empty.problems(kind: "dark").contains { $0.keyword == "USEAFTER" && $0.found == "missing" })
  }

  @Test func aliasesAreNamedAsFound() {
    #expect(FrameMetadata(primary: [Card("DTOTOFF1", "far")]).problems().map(\.keyword) == ["DTOTOFF1"])
  }

  @Test func timesThatDisagree() {
    let frame = FrameMetadata(primary: [Card("EXPDTST", "20240924000000"), Card("EXPJDST", 2_460_578.5)])
    #expect(frame.problems().map(\.keyword) == ["EXPJDST"])
    let backwards = FrameMetadata(primary: [
      Card("DATE-BEG", "2024-09-24T01:00:00"), Card("DATE-END", "2024-09-24T00:59:00"),
    ])
    #expect(backwards.problems().map(\.keyword) == ["DATE-END"])
  }

  @Test func hostileTextIsShownHarmlessly() {
    let text = "\u{1B}[2J" + String(repeating: "x", count: 90)
    let message = FrameMetadata(primary: [Card("OBSTYPE", text)]).problems().first?.message ?? ""
    #expect(!message.contains("\u{1B}") && message.count < 120 && message.contains("…"))
  }
}
