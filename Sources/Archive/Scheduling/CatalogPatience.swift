import Logging

/// Writes to the catalog what must not be forgotten: again and again, with growing pauses, until it works, fails for a
/// reason that does not pass by itself, or the daemon stops.
struct CatalogPatience: Sendable {
  private static let longestPause = 60.0

  let stopping: StopFlag
  let logger: Logger

  /// What may pass by itself: somebody else writes to the catalog, its disk is full.
  static func passes(_ code: String) -> Bool { code == "catalog-busy" || code == "catalog-disk" }

  /// - Parameters:
  ///   - neverGivesUp: whether every failure is waited out, not only what may pass by itself.
  ///   - work: returns nil when it worked.
  /// - Returns: why it did not work.
  func write(neverGivesUp: Bool = false, _ work: @Sendable () -> ArchiveError?) async -> ArchiveError? {
    var pause = 1.0
    while let failure = work() {
      guard neverGivesUp || Self.passes(failure.code), !stopping.isSet else { return failure }
      logger.warning("the catalog cannot be written; trying again", metadata: ["error": "\(failure)"])
      await stopping.wait(seconds: pause)
      pause = min(pause * 2, Self.longestPause)
    }
    return nil
  }
}
