/// Arrivals by looking again every so often: for file systems that tell no events (NFS) and hosts out of watches.
struct PollingSource: ArrivalSource {
  /// Seconds from the end of a look to the next one; longer where looks take long.
  let interval: Double

  func run(
    folder: String, looks: Looks, emit: @escaping @Sendable (Arrival) -> Void
  ) async throws(ArchiveError) {
    while !Task.isCancelled {
      emit(.scan(folder: folder))
      var left: Double
      repeat {
        emit(.alive)
        left = looks.wait(interval: interval) ?? min(1, interval)
        // Cancellation ends the wait early; the loop's condition then ends the watch.
        if left > 0 { try? await Task.sleep(for: .seconds(min(1, left))) }
      } while left > 0 && !Task.isCancelled
    }
  }
}
