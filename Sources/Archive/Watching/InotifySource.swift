/// Arrivals by inotify, through libinotifytools.
struct InotifySource: ArrivalSource {
  func run(
    folder: String, looks: Looks, emit: @escaping @Sendable (Arrival) -> Void
  ) async throws(ArchiveError) {
    let thread = InotifyThread(folder: folder, emit: emit)
    let failure = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<ArchiveError?, Never>) in
        thread.start { continuation.resume(returning: $0) }
      }
    } onCancel: {
      thread.stop()
    }
    if let failure { throw failure }
  }
}
