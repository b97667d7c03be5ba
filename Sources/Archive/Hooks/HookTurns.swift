import CatalogStore

/// Which due deliveries are called now: pure. Every hook gets its turn, however many events another one is slow with.
package struct HookTurns: Sendable {
  /// Calls at a time, all hooks together.
  package var limit: Int

  package init(limit: Int) {
    self.limit = limit
  }

  /// Chooses among heads of queues, in order. The hook with the fewest calls under way comes first, the oldest event
  /// first among equals; the last free place is kept for a hook that has no call under way.
  ///
  /// - Parameters:
  ///   - due: at most one delivery per hook and subject.
  ///   - running: hook and subject of each call under way.
  ///   - concurrency: calls of one hook for a type of event.
  package func choose(
    _ due: [DueDelivery], running: [(hook: String, subject: String)], concurrency: (String) -> Int
  ) -> [DueDelivery] {
    var calls = Dictionary(grouping: running, by: \.hook).mapValues(\.count)
    var total = running.count
    let busy = Set(running.map { [$0.hook, $0.subject] })
    var waiting = due.filter { !busy.contains([$0.hook, $0.subject]) }
    var chosen: [DueDelivery] = []
    while total < limit {
      let free = waiting.filter { delivery in
        let own = calls[delivery.hook] ?? 0
        let isLastPlace = limit > 1 && total == limit - 1
        return own < concurrency(delivery.type) && !(isLastPlace && own > 0)
      }
      let next = free.min { ((calls[$0.hook] ?? 0), $0.event) < ((calls[$1.hook] ?? 0), $1.event) }
      guard let next else { break }
      chosen.append(next)
      waiting.removeAll { $0.hook == next.hook && $0.subject == next.subject }
      calls[next.hook, default: 0] += 1
      total += 1
    }
    return chosen
  }
}
