import Archive
import Testing

@Suite struct RetryPauseTests {
  @Test func pausesDoubleUpToAMinuteUntilOneSucceeds() {
    var retry = RetryPause()
    #expect(!retry.isFailing && retry.isDue(at: 0))
    var time = 0.0
    var pauses: [Double] = []
    retry.failed(at: time)
    for _ in 0..<8 {
      let failed = time
      while !retry.isDue(at: time) { time += 0.5 }
      pauses.append(time - failed)
      retry.tries(at: time)
      retry.failed(at: time)
    }
    #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60])
    retry.succeeded()
    #expect(!retry.isFailing && retry.isDue(at: time))
    retry.failed(at: time)
    #expect(retry.isDue(at: time + 1))
  }

  @Test func manyFailuresOfOneBurstAreOne() {
    var retry = RetryPause()
    for _ in 0..<100 { retry.failed(at: 3) }
    #expect(!retry.isDue(at: 3.9) && retry.isDue(at: 4))
  }
}
