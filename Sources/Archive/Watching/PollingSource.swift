/// Arrivals by looking again every so often: for file systems that tell no events (NFS) and hosts out of watches.
struct PollingSource: ArrivalSource {
  /// Seconds between two looks.
  let interval: Double

  func run(folder: String, emit: @escaping @Sendable (Arrival) -> Void) async throws(ArchiveError) {
    while !Task.isCancelled {
      emit(.scan(folder: folder))
      var left = interval
      while left > 0, !Task.isCancelled {
        emit(.alive)
        // Cancellation ends the wait early; the loop's condition then ends the watch.
        try? await Task.sleep(for: .seconds(min(1, left)))
        left -= 1
      }
    }
  }
}
