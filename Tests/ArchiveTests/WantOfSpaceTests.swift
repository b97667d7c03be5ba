import Archive
import CatalogStore
import Testing

@Suite struct WantOfSpaceTests {
  private func heeded(
    _ end: CatalogWriter.AttemptEnd, endedBy: String = "exited", own: UInt64 = 0, work: UInt64,
    products: UInt64 = 1 << 40
  ) -> RetryPolicy.Judgement {
    WantOfSpace(reserveBytes: 1000 << 20, pauseSeconds: 30) { $0 == "/disk/work" ? work : products }.heeded(
      .init(end: end, facts: AttemptFacts(endedBy: endedBy), reason: "why"), work: ("/disk/work", own),
      products: "/disk/products", now: 100)
  }

  @Test(arguments: [CatalogWriter.AttemptEnd.failed, .dead, .again(notBefore: 110)])
  func whoFindsNoSpaceRunsAgainUncounted(end: CatalogWriter.AttemptEnd) {
    let short = heeded(end, work: 999 << 20)
    #expect(short.end == .postponed(notBefore: 130))
    #expect(short.reason.contains("under /disk/work (why); it runs again, uncounted, when there is space"))
    #expect(heeded(end, work: 1 << 40, products: 5).reason.contains("under /disk/products"))
    #expect(heeded(end, work: 1000 << 20).end == end)
  }

  /// It would fill the disk again and again, and keep all others from it.
  @Test func whoAloneFillsTheDiskHasFailed() {
    #expect(heeded(.failed, own: 600 << 20, work: 400 << 20).end == .failed)
    #expect(heeded(.failed, own: 599 << 20, work: 400 << 20).end == .postponed(notBefore: 130))
    #expect(heeded(.dead, endedBy: "disk", work: 0).end == .dead)
  }

  @Test func whatTheArchiveItselfStoppedStaysSo() {
    #expect(heeded(.interrupted, work: 0).end == .interrupted)
  }
}
