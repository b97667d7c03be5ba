import CatalogStore
import Testing

/// What a status asks again and again is answered at once in a catalog of a million files: no table is gone through, and
/// none is sorted, for the few rows that are told.
@Suite struct StatusPlanTests {
  @Test(arguments: [
    CatalogReader.degraded, CatalogReader.waiting, CatalogReader.frames(.raw, "held"),
    CatalogReader.frames(.raw, "quarantined"), CatalogReader.frames(.product, "stale"),
  ])
  func theNewestOfAStateAreFoundByAnIndexInTheirOrder(sql: String) throws {
    let plan = try CatalogFixture().reader.queryPlan(sql + " LIMIT ?", arguments: 1)
    #expect(plan.count == 1 && plan[0].contains(" USING INDEX "), "\(plan)")
  }

  /// They stop at the limit: that is what the ids' own order is for.
  @Test(arguments: [CatalogReader.closeToCatalog, CatalogReader.closeToProduct])
  func delaysOfTheNewestNeedNoSorting(sql: String) throws {
    let plan = try CatalogFixture().reader.queryPlan(sql, arguments: 1)
    #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("_state") }, "\(plan)")
  }

  @Test func theNewestRecordIsTheEndOfAnIndex() throws {
    let plan = try CatalogFixture().reader.queryPlan(CatalogReader.newestRecord, arguments: 0)
    #expect(plan.count == 1 && plan[0].hasSuffix("INDEX frame_recorded"), "\(plan)")
  }

  /// A batch of the review of all products reads what it gives, and sorts nothing.
  @Test func aReviewGoesThroughTheProductsInTheirOrder() throws {
    let reader = try CatalogFixture().reader
    let all = try reader.queryPlan(CatalogReader.allProducts, arguments: 4)
    #expect(all.allSatisfy { $0.hasPrefix("SEARCH") }, "\(all)")
    let some = try reader.queryPlan(CatalogReader.productsInTime, arguments: 6)
    #expect(some.first?.contains("frame_date (date_obs>? AND date_obs<?)") == true, "\(some)")
  }
}
