import Pixels
import Testing

/// Bad pixels that stay, recover and return.
@Suite struct BadPixelHistoryTests {
  private static let all = DQ.hot | DQ.dead | DQ.telegraph | DQ.otherBadPixel

  private static func mask(_ flags: [UInt32]) -> Plane<UInt32> {
    Plane(width: flags.count, height: 1, elements: flags)
  }

  /// Pixels: always bad, never bad, hot once, hot and back, newly bad.
  @Test func hotPixelsRecover() {
    let hot = DQ.hot | DQ.doNotUse
    var history = BadPixelHistory(Self.mask([DQ.dead, 0, hot, hot, 0]))
    #expect(history.seen.elements == [1, 0, 1, 1, 0])
    var result = history.update(
      with: Self.mask([DQ.dead, 0, 0, 0, DQ.telegraph]), judged: Self.all, recover: 3)
    #expect(result == (cleared: 0, kept: 2))
    #expect(history.flags.elements == [DQ.dead, 0, DQ.hot, DQ.hot, DQ.telegraph])
    history.update(with: Self.mask([DQ.dead, 0, 0, hot, DQ.telegraph]), judged: Self.all, recover: 3)
    #expect(history.clean.elements == [0, 0, 2, 0, 0])
    result = history.update(with: Self.mask([DQ.dead, 0, 0, 0, DQ.telegraph]), judged: Self.all, recover: 3)
    #expect(result == (cleared: 1, kept: 1))
    #expect(history.flags.elements == [DQ.dead, 0, 0, DQ.hot, DQ.telegraph])
    #expect(history.seen.elements == [4, 0, 1, 2, 3])
    #expect(history.clean.elements == [0, 0, 3, 1, 0])
    // It was cleared: what it was counts, but it is not kept.
    history.update(with: Self.mask([0, 0, hot, 0, 0]), judged: Self.all, recover: 3)
    #expect(history.flags.elements == [DQ.dead, 0, hot, DQ.hot, DQ.telegraph])
    #expect(history.seen.elements == [4, 0, 2, 2, 3])
  }

  /// Without flats a dead pixel was not looked at: it stays dead and does not recover.
  @Test func whatWasNotJudgedStays() {
    var history = BadPixelHistory(Self.mask([DQ.dead, DQ.hot, DQ.hot | DQ.dead]))
    for _ in 0..<4 { history.update(with: Self.mask([0, 0, 0]), judged: DQ.hot, recover: 2) }
    #expect(history.flags.elements == [DQ.dead, 0, DQ.hot | DQ.dead])
    #expect(history.clean.elements == [0, 2, 0])
  }

  /// Reference pixels and DO_NOT_USE are those of the latest mask; 0 keeps nothing.
  @Test func derivedFlagsAreNotKept() {
    var history = BadPixelHistory(Self.mask([DQ.referencePixel | DQ.doNotUse, DQ.hot | DQ.doNotUse]))
    #expect(history.seen.elements == [0, 1])
    history.update(with: Self.mask([0, DQ.warm]), judged: Self.all, recover: 5)
    #expect(history.flags.elements == [0, DQ.warm | DQ.hot])
    history.update(with: Self.mask([0, 0]), judged: Self.all | DQ.warm, recover: 0)
    #expect(history.flags.elements == [0, 0])
  }
}
