import Executors
import Glibc
import Testing

@Suite struct MemoryEvidenceTests {
  @Test func aKillCountsOnlyWhenTheKernelCountedOneToo() {
    let killed = MemoryEvidence(killsBefore: 4, killsAfter: 5, logTail: "")
    let not = MemoryEvidence(killsBefore: 4, killsAfter: 4, logTail: "out of memory")
    let unknown = MemoryEvidence(killsBefore: nil, killsAfter: nil, logTail: "")
    #expect(killed.explains(.signalled(SIGKILL)))
    #expect(!killed.explains(.signalled(SIGSEGV)))
    #expect(!not.explains(.signalled(SIGKILL)))
    #expect(!unknown.explains(.signalled(SIGKILL)))
  }

  @Test func lastWordsCountForAbortsAndExitsButNotForOurOwnEndings() {
    let words = MemoryEvidence(killsBefore: 0, killsAfter: 0, logTail: "tmtrun: Cannot allocate memory\n")
    #expect(words.explains(.signalled(SIGABRT)) && words.explains(.signalled(SIGTRAP)))
    #expect(words.explains(.exited(1)))
    #expect(!words.explains(.exited(0)) && !words.explains(.timedOut) && !words.explains(.cancelled))
  }
}
