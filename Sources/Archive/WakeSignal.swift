/// Asks the scheduling loop for another turn; any number of askings before the next turn are one.
struct WakeSignal: Sendable {
  let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func ask() { continuation.yield() }

  func finish() { continuation.finish() }
}
