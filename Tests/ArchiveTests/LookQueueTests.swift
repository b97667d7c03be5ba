import Archive
import Testing

@Suite struct LookQueueTests {
  @Test func atMostOneLookAtEverythingWaits() {
    var queue = LookQueue(root: "/in", at: 0)
    #expect(queue.ask("/in") && !queue.ask("/in"))
    #expect(queue.begin("/in", at: 1))
    // The one under way may have passed the place: one more is wanted, and one only.
    #expect(queue.ask("/in") && !queue.ask("/in"))
    queue.end("/in", at: 2)
    #expect(queue.begin("/in", at: 2) && !queue.begin("/in", at: 2))
  }

  @Test func aLookAtAPartIsNoneWhenEverythingIsLookedAt() {
    var queue = LookQueue(root: "/in", at: 0)
    #expect(queue.ask("/in/a") && !queue.ask("/in/a") && queue.ask("/in/b"))
    #expect(queue.begin("/in/a", at: 0))
    #expect(queue.ask("/in") && !queue.ask("/in/c"))
    #expect(!queue.begin("/in/b", at: 0) && queue.begin("/in", at: 0))
    #expect(queue.ask("/in/b") && queue.begin("/in/b", at: 0))
  }

  @Test func theIntervalCountsFromTheEndAndLooksTakeATenthOfTheTime() {
    var queue = LookQueue(root: "/in", at: 10)
    #expect(queue.wait(interval: 5, at: 12) == 3)
    #expect(queue.ask("/in") && queue.wait(interval: 5, at: 100) == nil)
    #expect(queue.begin("/in", at: 100) && queue.wait(interval: 5, at: 200) == nil)
    queue.end("/in", at: 120)
    #expect(queue.wait(interval: 5, at: 120) == 200 && queue.wait(interval: 300, at: 121) == 299)
  }
}
