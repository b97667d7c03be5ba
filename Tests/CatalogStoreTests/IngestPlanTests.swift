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
}
