import CatalogStore
import Testing

/// What only tells what was goes after its time; what is still to be told, or was a person's word, stays.
@Suite struct RecordsTests {
  private let fixture: CatalogFixture
  private var writer: CatalogWriter { fixture.writer }
  private let old = 1000.0

  /// Events 1…6 about subjects a…f, all but the last at second 0, for two hooks.
  init() throws {
    fixture = try CatalogFixture()
    for (index, subject) in ["a", "b", "c", "d", "e", "f"].enumerated() {
      try writer.announce(
        type: "product-ready", subject: subject, key: subject, data: EventData(),
        time: subject == "f" ? 2000 : Double(index))
    }
    let listeners = ["/h/1", "/h/2"].map { CatalogWriter.Listener(hook: $0, refusal: nil) }
    _ = try writer.dispatchEvents(listeners: { ["product-ready": listeners] })
  }

  private func settle(_ event: Int64, _ first: String, _ second: String) throws {
    for (hook, state) in [("/h/1", first), ("/h/2", second)] {
      try writer.settleDelivery(event: event, hook: hook, state: state, nextAt: 0, reason: nil, at: 5)
    }
  }

  private func events() throws -> Set<String> {
    Set(try fixture.reader.deliveryLog(limit: 0).records.map(\.subject))
  }

  @Test func onlyEventsThatEveryHookHasGotGo() throws {
    try settle(1, "delivered", "delivered")
    try settle(2, "delivered", "pending")
    try settle(3, "delivered", "failed")
    try settle(4, "dead", "delivered")
    try settle(5, "delivered", "delivered")
    try settle(6, "delivered", "delivered")
    #expect(try fixture.reader.oldRecords(before: old) == OldRecords(events: 2, deliveries: 4))
    #expect(try writer.pruneRecords(before: old, batch: 1) == OldRecords(events: 2, deliveries: 4))
    #expect(try events() == ["b", "c", "d", "f"])
    #expect(try fixture.reader.oldRecords(before: old).isEmpty)
    // What failed can be told still, under its own identity.
    #expect(try writer.retryDeliveries(hook: nil, event: "product-ready:c", now: 10) == 1)
    #expect(try fixture.reader.integrityProblems() == [])
  }

  /// Nobody has looked yet whether a hook waits for it.
  @Test func anEventThatWasNotDispatchedStays() throws {
    for event in 1...6 { try settle(Int64(event), "delivered", "delivered") }
    try writer.announce(type: "product-stale", subject: "g", key: "g", data: EventData(), time: 1)
    try writer.announce(type: "product-stale", subject: "h", key: "h", data: EventData(), time: 2)
    #expect(try writer.pruneRecords(before: 1e9) == OldRecords(events: 6, deliveries: 12))
    #expect(try fixture.reader.undispatchedEvents() == 2)
  }

  /// A number that was given once is not given to another event.
  @Test func theNewestEventStays() throws {
    for event in 1...6 { try settle(Int64(event), "delivered", "delivered") }
    #expect(try writer.pruneRecords(before: 1e9).events == 5)
    try writer.announce(type: "product-ready", subject: "g", key: "g", data: EventData(), time: 3)
    #expect(try fixture.reader.newestEvent(type: "product-ready", subject: nil)?.event == 7)
  }

  @Test func linesOfTheLogGoAndVerdictsStay() throws {
    let frame = try fixture.record(fixture.frame("a.fits", 1))
    _ = try writer.flag(
      frame: frame, FrameVerdict(quality: .unknown, reason: "looked at it", user: "ana"), at: 10)
    try writer.note("a folder is named like a file", subject: "/in/x.fits", at: 20)
    try writer.note("new", subject: "/in/y.fits", at: 2000)
    #expect(try writer.pruneRecords(before: old).notices == 1)
    #expect(try fixture.reader.status(now: 3000).notices.map(\.at) == [2000, 10])
  }
}
