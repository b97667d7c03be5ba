import CatalogStore
import JobContract
import Testing

/// What becomes of a master that is kept out of the rules.
@Suite struct MasterTests {
  private func master(_ catalog: CatalogFixture) throws -> FrameRecord {
    let dark = try catalog.record(catalog.frame("d.fits", 1))
    let made = try catalog.reduce(
      "A1", pipeline: "create_dark", members: [(dark, 1, "dark")],
      product: catalog.frame("tmt_iris_dark_0001.fits", 9, state: "current"), kind: "dark")
    return try #require(try catalog.reader.frame(id: made))
  }

  private func reference(_ master: FrameRecord, _ state: String, _ reason: String?) -> ReferenceRecord {
    ReferenceRecord(
      file: master.name, type: "dark", frameID: master.id, sha256: CatalogFixture.sha(9), epoch: 0,
      rowKey: "[]", context: state == "inserted" ? "tmt_0002.pmap" : nil, state: state, reason: reason)
  }

  @Test func aRefusedMasterSaysWhyUntilItIsPutIn() throws {
    let catalog = try CatalogFixture()
    let master = try master(catalog)
    #expect(try catalog.reader.uninsertedMasters().map(\.id) == [master.id])
    try catalog.writer.recordReference(reference(master, "refused", "twice too bright"), at: 200)
    let refused = try #require(try catalog.reader.frame(id: master.id))
    #expect(refused.state == "current")
    #expect(refused.reason == "not in the rules: twice too bright")
    #expect(try catalog.reader.uninsertedMasters() == [])
    #expect(try catalog.reader.fact("context") == nil)

    try catalog.writer.recordReference(reference(master, "inserted", nil), at: 201)
    #expect(try catalog.reader.frame(id: master.id)?.reason == nil)
    #expect(try catalog.reader.fact("context") == "tmt_0002.pmap")
  }

  /// What a person said of it stays.
  @Test func anOperatorsReasonIsNotOverwritten() throws {
    let catalog = try CatalogFixture()
    let master = try master(catalog)
    _ = try catalog.writer.flag(
      frame: master.id, FrameVerdict(quality: .bad, reason: "a lamp was on", user: "ann"), at: 150)
    try catalog.writer.recordReference(reference(master, "refused", "twice too bright"), at: 200)
    #expect(try catalog.reader.frame(id: master.id)?.reason?.contains("a lamp was on") == true)
  }

  @Test func stepsKeepTheirPeakMemory() throws {
    let catalog = try CatalogFixture()
    let run = try #require(try catalog.reader.origin(ofProduct: master(catalog).id)?.run)
    #expect(try catalog.reader.steps(run: run.id).map(\.peakBytes) == [123_456_789_012])
  }
}
