/// The decisions of a run without its descriptors and its clock: when to signal the group, when to stop reading.
///
/// Times are durations since the start. Every transition returns the signals to send to the group now.
package struct Supervision: Sendable {
  package enum Phase: Sendable, Equatable {
    case running
    /// TERM was sent; KILL is due at the given time.
    case ending(killAt: Duration)
    /// KILL was sent; only the kernel can keep the program now.
    case killed
    /// The program has ended; its pipes may still hold output until the given time.
    case draining(until: Duration)
  }

  /// How long to wait for the pipes of a program that has ended: a process that left the group may hold them.
  package static let drainTime = Duration.milliseconds(500)
  package static let terminate: Int32 = 15
  package static let kill: Int32 = 9

  package private(set) var phase = Phase.running
  /// Why the group was ended, if it was this run that ended it.
  package private(set) var ending: ProgramEnd.Cause?
  private let timeout: Duration?
  private let grace: Duration

  package init(timeout: Duration?, grace: Duration) {
    self.timeout = timeout
    self.grace = grace
  }

  /// When ``timePassed(now:)`` must be called next; nil when nothing is due.
  package var deadline: Duration? {
    switch phase {
    case .running: timeout
    case .ending(let killAt): killAt
    case .killed: nil
    case .draining(let until): until
    }
  }

  /// True when the program has ended and its pipes had their time.
  package func isOver(now: Duration) -> Bool {
    if case .draining(let until) = phase { now >= until } else { false }
  }

  package mutating func cancel(now: Duration) -> [Int32] {
    phase == .running ? end(as: .cancelled, now: now) : []
  }

  package mutating func timePassed(now: Duration) -> [Int32] {
    switch phase {
    case .running:
      guard let timeout, now >= timeout else { return [] }
      return end(as: .timedOut, now: now)
    case .ending(let killAt):
      guard now >= killAt else { return [] }
      phase = .killed
      return [Self.kill]
    case .killed, .draining:
      return []
    }
  }

  /// The program itself has ended: what is left of its group goes too.
  package mutating func programEnded(now: Duration) -> [Int32] {
    if case .draining = phase { return [] }
    phase = .draining(until: now + Self.drainTime)
    return [Self.kill]
  }

  private mutating func end(as cause: ProgramEnd.Cause, now: Duration) -> [Int32] {
    ending = cause
    phase = .ending(killAt: now + grace)
    return [Self.terminate]
  }
}
