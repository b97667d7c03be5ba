import CatalogStore
import Foundation
import Testing

/// What an arrival asks of the catalog is found by an index that leaves one row or a few, however large it is: going
/// through all files of a state cost 50 ms for each arrival at 200,000 files.
@Suite struct IngestPlanTests {
  @Test(arguments: [
    (CatalogWriter.atPlace, ["PRIMARY KEY (path=?)"]), (CatalogWriter.ofContent, ["content"]),
    (CatalogWriter.ofName, ["frame_name"]),
  ])
  func anArrivalIsComparedByIndexes(sql: String, indexes: [String]) throws {
    let plan = try CatalogFixture().reader.queryPlan(sql, arguments: 1)
    #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
    #expect(!plan.contains { $0.contains("_state") }, "\(plan)")
    for index in indexes { #expect(plan.contains { $0.contains(index) }, "\(plan)") }
  }

  /// Each odd file is looked up once a minute, among all that was ever noted.
  @Test func aNoticeIsFoundByItsSubject() throws {
    let fixture = try CatalogFixture()
    let plan = try fixture.reader.queryPlan(CatalogWriter.noted, arguments: 2)
    #expect(plan.contains { $0.contains("notice_subject") }, "\(plan)")
    for time in [1.0, 2.0] { try fixture.writer.noteOnce("odd", subject: "/in/link", at: time) }
    try fixture.writer.noteOnce("odd", subject: "/in/other", at: 3)
    #expect(try fixture.reader.status(now: 4).notices.map(\.at) == [3, 1])
  }
}
