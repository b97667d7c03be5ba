import ChildProcess
import Testing

/// The state machine alone: no process, no clock.
@Suite struct SupervisionTests {
  private let term = Supervision.terminate
  private let kill = Supervision.kill

  @Test func aTimeOutTermsThenKillsOnce() {
    var supervision = Supervision(timeout: .seconds(5), grace: .seconds(10))
    #expect(supervision.deadline == .seconds(5))
    #expect(supervision.timePassed(now: .seconds(4)) == [])
    #expect(supervision.timePassed(now: .seconds(5)) == [term])
    #expect(supervision.deadline == .seconds(15))
    #expect(supervision.timePassed(now: .seconds(14)) == [])
    #expect(supervision.timePassed(now: .seconds(15)) == [kill])
    #expect(supervision.timePassed(now: .seconds(99)) == [])
    #expect(supervision.deadline == nil)
    #expect(supervision.ending == .timedOut)
  }

  @Test func theFirstReasonStands() {
    var supervision = Supervision(timeout: .seconds(5), grace: .seconds(10))
    #expect(supervision.cancel(now: .seconds(1)) == [term])
    #expect(supervision.timePassed(now: .seconds(6)) == [])
    #expect(supervision.cancel(now: .seconds(6)) == [])
    #expect(supervision.timePassed(now: .seconds(11)) == [kill])
    #expect(supervision.ending == .cancelled)
  }

  @Test func anEndByItselfHasNoReasonOfOursAndClearsTheGroup() {
    var supervision = Supervision(timeout: .seconds(5), grace: .seconds(10))
    #expect(supervision.programEnded(now: .seconds(2)) == [kill])
    #expect(supervision.programEnded(now: .seconds(2)) == [])
    #expect(supervision.cancel(now: .seconds(2)) == [])
    #expect(supervision.timePassed(now: .seconds(20)) == [])
    #expect(supervision.ending == nil)
    #expect(!supervision.isOver(now: .seconds(2)))
    #expect(supervision.isOver(now: .seconds(2) + Supervision.drainTime))
  }

  @Test func withoutATimeOutNothingIsDue() {
    var supervision = Supervision(timeout: nil, grace: .seconds(10))
    #expect(supervision.deadline == nil)
    #expect(supervision.timePassed(now: .seconds(1_000_000)) == [])
    #expect(supervision.phase == .running)
  }
}
