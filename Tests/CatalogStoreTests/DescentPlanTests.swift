import CatalogStore
import Testing

/// What was made of a frame, and what is on its way, is found from there by indexes, however many products, frames and
/// associations there are: none of these tables is gone through, and none by the states that most rows have.
@Suite struct DescentPlanTests {
  /// What a query makes itself is small: the rows of its own steps, by their names in it.
  private static let own = ["SCAN d", "SCAN m", "SCAN a", "SCAN CONSTANT ROW"]
  /// In order of its few entries.
  private static let few = "SCAN q USING INDEX product_master"

  private func plan(_ sql: String, _ arguments: Int) throws -> [String] {
    let plan = try CatalogFixture().reader.queryPlan(sql, arguments: arguments)
    #expect(!plan.contains { $0.hasPrefix("SCAN") && !Self.own.contains($0) && $0 != Self.few }, "\(plan)")
    #expect(!plan.contains { $0.contains("frame_state") || $0.contains("frame_product_state") }, "\(plan)")
    return plan
  }

  @Test func productsOfAFrameAreFoundByTheirRun() throws {
    let plan = try plan(CatalogWriter.madeDirectly, 1)
    #expect(plan.contains { $0.contains("run_input_frame (frame_id=?)") }, "\(plan)")
    #expect(plan.contains { $0.contains("product_run (run_id=?)") }, "\(plan)")
  }

  @Test func descendantsAreFoundStepByStep() throws {
    let plan = try plan(CatalogReader.descendants, 2)
    #expect(plan.filter { $0.contains("product_run (run_id=?)") }.count == 3, "\(plan)")
    #expect(plan.filter { $0.contains("run_reference_sha (sha256=?)") }.count == 2, "\(plan)")
  }

  @Test func workOnItsWayIsFoundAmongTheFewThatAreNotDone() throws {
    let plan = try plan(CatalogReader.pending(rules: 2), 6)
    for index in ["association_open (rule=?)", "association_unsettled (rule=?", "job_state (state=?)"] {
      #expect(plan.contains { $0.contains(index) }, "\(index): \(plan)")
    }
    #expect(!plan.contains { $0.contains("association_bucket") || $0.contains("association_time") })
  }

  /// Asked at every turn, for every kind that becomes a reference.
  @Test func newMastersAreFoundByTheirIndex() throws {
    let plan = try plan(CatalogReader.uninsertedMasters, 0)
    #expect(plan.first?.contains("product_master") == true, "\(plan)")
  }

  @Test func exposuresBeforeAreFoundByTheirTime() throws {
    let plan = try plan(CatalogReader.earlierExposures(rules: 1), 16)
    #expect(plan.filter { $0.contains("frame_date (date_obs>? AND date_obs<?)") }.count == 2, "\(plan)")
    #expect(plan.filter { $0.contains("member_frame (frame_id=?)") }.count == 2, "\(plan)")
  }
}
