/// What a source of arrivals tells.
enum Arrival: Sendable, Equatable {
  /// A file was closed or moved here; the time is when it was seen (seconds since 1970 UTC).
  case file(path: String, at: Double)
  /// Everything under this folder is to be looked at again.
  case scan(folder: String)
  /// Events were lost, and why; a look at everything is asked for besides.
  case rescan(reason: String)
  /// The watched folder itself is gone.
  case rootLost
  /// Nothing happened; told about once a second as long as the source turns.
  case alive
}

/// Something that notices new files under a folder: inotify, or polling where there is none.
///
/// Whatever it tells is only a hint to look: what is there, and whether it is new, is settled by ingest and by the
/// unique keys of the catalog.
protocol ArrivalSource: Sendable {
  /// Watches until the task is cancelled, telling `emit` from any thread. The first thing told is a scan of the
  /// folder, after watching has begun.
  ///
  /// - Parameter looks: tells when the folder is due to be looked at again.
  func run(
    folder: String, looks: Looks, emit: @escaping @Sendable (Arrival) -> Void
  ) async throws(ArchiveError)
}
