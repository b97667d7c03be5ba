import CatalogStore
import Testing

@Suite struct OutboxTests {
  private static let (a, b) = ("/h/a", "/h/b")

  /// Events 1, 2 … of these subjects, each for both hooks.
  private func outbox(_ subjects: [String]) throws -> CatalogWriter {
    let fixture = try CatalogFixture()
    for (index, subject) in subjects.enumerated() {
      try fixture.writer.announce(
        type: "product-ready", subject: subject, key: "\(index + 1)", data: EventData(), time: Double(index))
    }
    let listeners = [Self.a, Self.b].map { CatalogWriter.Listener(hook: $0, refusal: nil) }
    _ = try fixture.writer.dispatchEvents(listeners: { ["product-ready": listeners] })
    return fixture.writer
  }

  private func heads(_ writer: CatalogWriter, of hook: String) throws -> [Int64] {
    try writer.deliveries().filter { $0.hook == hook }.map(\.event)
  }

  private func settle(_ writer: CatalogWriter, _ event: Int64, _ state: String, nextAt: Double = 0) throws {
    try writer.settleDelivery(
      event: event, hook: Self.a, state: state, nextAt: nextAt, reason: "why", at: 1)
  }

  @Test func aRetryHoldsItsSubjectForItsHookAndNothingElse() throws {
    let writer = try outbox(["x", "x", "y", "x", "z"])
    #expect(try heads(writer, of: Self.a) == [1, 3, 5])
    try settle(writer, 1, "pending", nextAt: 1000)
    // Its own later events wait; other subjects and other hooks do not.
    #expect(try heads(writer, of: Self.a) == [3, 5, 1])
    #expect(try heads(writer, of: Self.b) == [1, 3, 5])
    try settle(writer, 3, "delivered")
    try settle(writer, 1, "dead")
    #expect(try heads(writer, of: Self.a) == [2, 5])
    try settle(writer, 2, "failed")
    #expect(try heads(writer, of: Self.a) == [4, 5])
  }

  @Test func aLongQueueHidesNoOtherHook() throws {
    let writer = try outbox((1...120).map { "s\($0)" })
    for event in 1...119 {
      try writer.settleDelivery(
        event: Int64(event), hook: Self.b, state: "delivered", nextAt: 0, reason: nil, at: 1)
    }
    let all = try writer.deliveries(limit: 10)
    #expect(all.filter { $0.hook == Self.a }.map(\.event) == Array(1...10))
    #expect(all.filter { $0.hook == Self.b }.map(\.event) == [120])
  }

  @Test func retryPutsBackOneOrAllUnderTheSameIdentity() throws {
    let writer = try outbox(["x", "y", "z"])
    let ids = try writer.deliveries().filter { $0.hook == Self.a }.map(\.eventID)
    try settle(writer, 1, "dead")
    try settle(writer, 2, "failed")
    try settle(writer, 3, "pending", nextAt: 1000)
    #expect(try writer.retryDeliveries(hook: Self.b, now: 10) == 0)
    #expect(try writer.retryDeliveries(hook: Self.a, event: ids[0], now: 10) == 1)
    #expect(try writer.deliveries().filter { $0.hook == Self.a && $0.nextAt == 0 }.map(\.event) == [1])
    #expect(try writer.retryDeliveries(hook: nil, now: 10) == 2)
    let back = try writer.deliveries().filter { $0.hook == Self.a }
    #expect(back.map(\.eventID) == ids && back.allSatisfy { $0.nextAt == 0 })
    // Those given up begin anew; one that only waited keeps its count.
    #expect(back.map(\.attempts) == [0, 0, 1])
  }

  @Test func aStopUsesNoAttemptUp() throws {
    let writer = try outbox(["x"])
    try writer.settleDelivery(
      event: 1, hook: Self.a, state: "pending", nextAt: 0, reason: "stopped", counts: false, at: 1)
    #expect(try writer.deliveries().first { $0.hook == Self.a }?.attempts == 0)
  }
}
