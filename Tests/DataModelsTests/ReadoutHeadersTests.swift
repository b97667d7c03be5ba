import DataModels
import FITSIO
import FITSStructure
import Metadata
import Testing

@Suite struct ReadoutHeadersTests {
  private func merged(_ cards: [[Card]], rawFrame: [Card]? = nil, rules: [String] = []) throws
    -> ReadoutHeaders.Merged
  {
    let table = try HeaderMerging.standard.preceded(by: rules)
    return ReadoutHeaders(cards.map { Header($0) }, rules: table).merged(
      rawFrame: rawFrame.map { Header($0) })
  }

  @Test func theRulesOfTheTable() throws {
    let result = try merged([
      [
        Card("DATE-BEG", "2026-07-15T06:00:00"), Card("DATE-END", "2026-07-15T06:00:02"),
        Card("AIRMASS", 1.2),
        Card("AODM0TM", -30.0), Card("LGSR0", 0.1), Card("PARANG", 359.0), Card("READ_NO", 0),
        Card("FILTER", "K", comment: "filter"), Card("GAIN", 2.5),
      ],
      [
        Card("DATE-BEG", "2026-07-15T06:00:02"), Card("DATE-END", "2026-07-15T06:00:04"),
        Card("AIRMASS", 1.3),
        Card("AODM0TM", -31.0), Card("LGSR0", 0.2), Card("PARANG", 3.0), Card("READ_NO", 1),
        Card("FILTER", "K", comment: "filter"), Card("GAIN", 2.5),
      ],
    ])
    let header = result.header
    #expect(header.string("DATE-BEG") == "2026-07-15T06:00:00")
    #expect(header.string("DATE-END") == "2026-07-15T06:00:04")
    #expect(header.double("AIRMASS") == 1.25)
    #expect(header.double("AIRMSTRT") == 1.2 && header.double("AIRMEND") == 1.3)
    #expect(header.double("AODM0TM") == -30.5)
    #expect(header.double("AODM0TMN") == -31 && header.double("AODM0TMX") == -30)
    #expect(abs((header.double("LGSR0") ?? 0) - 0.15) < 1e-12)
    #expect(abs((header.double("PARANG") ?? 9) - 1) < 1e-9, "through north, not through south")
    #expect(header["READ_NO"] == nil)
    #expect(header.card("FILTER") == Card("FILTER", "K", comment: "filter"))
    #expect(result.notes.isEmpty && result.contradictions.isEmpty)
  }

  @Test func whatDiffersIsTold() throws {
    let result = try merged([
      [Card("FILTER", "K"), Card("OPERATOR", "A"), Card("SHUTTERS", 2), Card("TMPSENS", 1.0)],
      [Card("FILTER", "H"), Card("OPERATOR", "B"), Card("SHUTTERS", 3), Card("TMPSENS", 2.0)],
      [Card("FILTER", "K"), Card("OPERATOR", "A"), Card("SHUTTERS", 2), Card("TMPSENS", 6.0)],
    ])
    #expect(result.header.string("FILTER") == "K" && result.header.integer("SHUTTERS") == 2)
    #expect(
      result.contradictions == [
        "FILTER is 'K' in the first read and 'H' in another: 1 of 3 reads differ"
      ])
    #expect(result.notes.map { $0.prefix(8) } == ["OPERATOR", "SHUTTERS"])
    #expect(result.header.double("TMPSENS") == 3)
    #expect(result.header.double("TMPSENMN") == 1 && result.header.double("TMPSENMX") == 6)
  }

  @Test func oneRunMayHaveOtherRules() throws {
    let reads = [[Card("TMPSENS", 1.0), Card("FILTER", "K")], [Card("TMPSENS", 2.0), Card("FILTER", "H")]]
    let header = try merged(reads, rules: ["TMP* last", "FILTER drop"]).header
    #expect(header.double("TMPSENS") == 2 && header["TMPSENMN"] == nil && header["FILTER"] == nil)
    #expect(
      #expect(throws: MetadataError.self) { try merged(reads, rules: ["FILTER middle"]) }?.code
        == "bad-header-rules")
    #expect(
      #expect(throws: MetadataError.self) { try HeaderMerging(yaml: "rules: [{rule: often}]") }?.code
        == "bad-header-rules")
  }

  @Test func aRawFrameSaysWhatNoReadDoes() throws {
    let result = try merged(
      [[Card("DET_ID", "IMG1"), Card("FILTER", "K")]],
      rawFrame: [
        Card("OBSNAME", "IMG1-SCI"), Card("FILTER", "H"), Card("DATE-BEG", "2026-07-15T06:00:00"),
        Card("DATALVL", 1), Card("S_DARK", "COMPLETE"), Card("RST_TIME", 4.0),
      ])
    #expect(result.header.string("OBSNAME") == "IMG1-SCI" && result.header.string("FILTER") == "K")
    #expect(result.header.string("DATE-BEG") == "2026-07-15T06:00:00")
    for keyword in ["DATALVL", "S_DARK", "RST_TIME"] { #expect(result.header[keyword] == nil) }
  }

  @Test func withoutDatesTheResetAndTheLastReadGiveThem() throws {
    // MJD 61236.25, 2026-07-15T06:00:00.
    let reset = 5_290_812_000_000_000 + 78_840_000_000
    func read(_ seconds: Int) -> [Card] {
      [Card("RST_TIME", reset), Card("READTIME", reset + seconds * 1_000_000), Card("FRM_TIME", 500_000)]
    }
    let header = try merged([read(2), read(4)]).header
    let begin = FITSDate.fromModifiedJulianMicroseconds(Double(reset))
    #expect(header.string("DATE-BEG") == begin.map { FITSDate.text(of: $0) })
    #expect(header.string("DATE-END") == begin.map { FITSDate.text(of: $0.addingTimeInterval(4.5)) })
  }
}
