import CatalogStore

/// A job that ended where there is no space left is not at fault, whatever it said: it runs again, uncounted. Its own
/// files do not count: one that alone fills the disk has failed like any other.
package struct WantOfSpace: Sendable {
  /// With less free than this nothing can be written, whatever the settings say.
  private static let leastBytes: UInt64 = 1 << 20

  let reserveBytes: UInt64
  /// Seconds until a job that found no space is tried again.
  let pauseSeconds: Double
  /// Bytes free on the disk of a folder; nil when the folder is not there.
  let freeBytes: @Sendable (String) -> UInt64?

  package init(
    reserveBytes: UInt64, pauseSeconds: Double, freeBytes: @escaping @Sendable (String) -> UInt64?
  ) {
    self.reserveBytes = reserveBytes
    self.pauseSeconds = pauseSeconds
    self.freeBytes = freeBytes
  }

  /// What an attempt's end means when the disks are looked at, too.
  ///
  /// - Parameters:
  ///   - work: where the attempt wrote, and how many bytes of it are its own.
  ///   - products: where its products would have gone.
  ///   - now: seconds since 1970 UTC.
  package func heeded(
    _ judgement: RetryPolicy.Judgement, work: (folder: String, ownBytes: UInt64), products: String,
    now: Double
  ) -> RetryPolicy.Judgement {
    switch judgement.end {
    case .interrupted, .postponed: return judgement
    case .again, .withMemory, .dead, .failed: break
    }
    guard judgement.facts.endedBy != "disk" else { return judgement }
    let places = [(work.folder, work.ownBytes), (products, 0)]
    guard let folder = places.first(where: { isShort($0.0, sparing: $0.1) })?.0 else { return judgement }
    var heeded = judgement
    heeded.end = .postponed(notBefore: now + pauseSeconds)
    heeded.reason =
      "there was hardly any space under \(folder) (\(judgement.reason)); it runs again, uncounted, when there is "
      + "space: irisarchive prune --dry-run"
    return heeded
  }

  private func isShort(_ folder: String, sparing own: UInt64) -> Bool {
    freeBytes(folder).map { $0 + own < max(reserveBytes, Self.leastBytes) } ?? false
  }
}
