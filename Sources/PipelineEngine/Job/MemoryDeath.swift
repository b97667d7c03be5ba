import Glibc

/// Last words of a process that dies because its limit of memory is reached.
///
/// An allocation that is refused ends a Swift program by a trap, without a word: nobody could tell it from a fault of
/// the program. So before a deadly signal takes its course, a handler asks for a quarter of the limit: when that is
/// refused, it says so on standard error. (A true fault with that much in use says so too; it then costs one more try.)
enum MemoryDeath {
  private static let signals = [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS]
  /// What the handler asks for, bytes. Written once, before the handler is there.
  private nonisolated(unsafe) static var probe = 0
  /// What was to happen at each signal before, by its number. Never freed.
  private nonisolated(unsafe) static var before: UnsafeMutablePointer<sigaction>?
  private static let words: StaticString = "tmtrun: out of memory: this job has reached its limit\n"

  /// Installs the handler; once for a process.
  static func tell(limitBytes: UInt64) {
    guard before == nil else { return }
    probe = Int(clamping: limitBytes / 4)
    let table = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    table.initialize(repeating: sigaction(), count: 65)
    before = table
    for number in signals {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { MemoryDeath.handle($0) }
      action.sa_flags = SA_ONSTACK
      sigaction(number, &action, table + Int(number))
    }
  }

  /// Only what is safe in a handler: system calls and memory that is there. Afterwards the signal comes again and does
  /// what it would have done.
  private static func handle(_ number: Int32) {
    let place = mmap(nil, probe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if place == MAP_FAILED {
      _ = write(2, words.utf8Start, words.utf8CodeUnitCount)
    } else {
      munmap(place, probe)
    }
    if let before { sigaction(number, before + Int(number), nil) }
  }
}
