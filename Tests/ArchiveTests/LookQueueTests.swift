import Archive
import Testing

@Suite struct LookQueueTests {
  @Test func atMostOneLookAtEverythingWaits() {
    var queue = LookQueue(root: "/in", at: 0)
    let before = [queue.ask("/in"), queue.ask("/in"), queue.begin("/in", at: 1)]
    #expect(before == [true, false, true])
    // The one under way may have passed the place: one more is wanted, and one only.
    let during = [queue.ask("/in"), queue.ask("/in")]
    #expect(during == [true, false])
    queue.end("/in", at: 2)
    let after = [queue.begin("/in", at: 2), queue.begin("/in", at: 2)]
    #expect(after == [true, false])
  }

  @Test func aLookAtAPartIsNoneWhenEverythingIsLookedAt() {
    var queue = LookQueue(root: "/in", at: 0)
    let parts = [queue.ask("/in/a"), queue.ask("/in/a"), queue.ask("/in/b"), queue.begin("/in/a", at: 0)]
    #expect(parts == [true, false, true, true])
    let whole = [
      queue.ask("/in"), queue.ask("/in/c"), queue.begin("/in/b", at: 0), queue.begin("/in", at: 0),
    ]
    #expect(whole == [true, false, false, true])
    let later = [queue.ask("/in/b"), queue.begin("/in/b", at: 0)]
    #expect(later == [true, true])
  }

  @Test func theIntervalCountsFromTheEndAndLooksTakeATenthOfTheTime() {
    var queue = LookQueue(root: "/in", at: 10)
    #expect(queue.wait(interval: 5, at: 12) == 3)
    _ = queue.ask("/in")
    #expect(queue.wait(interval: 5, at: 100) == nil)
    _ = queue.begin("/in", at: 100)
    #expect(queue.wait(interval: 5, at: 200) == nil)
    queue.end("/in", at: 120)
    #expect(queue.wait(interval: 5, at: 120) == 200)
    #expect(queue.wait(interval: 300, at: 121) == 299)
  }
}
