import Archive
import CatalogStore
import ChildProcess
import Foundation
import Glibc
import Testing

@Suite struct LivenessTests {
  @Test func everyPartMustTurnWithinThePatience() {
    var rule = LivenessRule(patience: 10, began: 0)
    #expect(rule.stalled(at: 10).isEmpty)
    #expect(rule.stalled(at: 10.1).map(\.part) == [.watcher, .scheduler])
    rule.turned(.scheduler, at: 12)
    #expect(rule.stalled(at: 15).map(\.part) == [.watcher])
    #expect(rule.stalled(at: 15).map(\.seconds) == [15])
    rule.turned(.watcher, at: 15)
    #expect(rule.stalled(at: 22).isEmpty)
    #expect(rule.stalled(at: 24).map(\.part) == [.scheduler])
    rule.turned(.scheduler, at: 24)
    #expect(rule.stalled(at: 25).isEmpty)
  }

  @Test func progressAtStartIsThatOfAnyPart() {
    var rule = LivenessRule(patience: 10, began: 0)
    #expect(!rule.hasMoved(within: 60, at: 61))
    rule.turned(.watcher, at: 30)
    #expect(rule.hasMoved(within: 60, at: 61))
    #expect(!rule.hasMoved(within: 30, at: 61))
  }
}

@Suite struct ServiceNotifierTests {
  @Test func messagesAreLinesOfTheProtocol() {
    #expect(ServiceNotifier.Message.ready.line == "READY=1")
    #expect(ServiceNotifier.Message.reloading(atMicroseconds: 7).line == "RELOADING=1\nMONOTONIC_USEC=7")
    #expect(
      ServiceNotifier.Message.extendTimeout(microseconds: 60_000_000).line == "EXTEND_TIMEOUT_USEC=60000000")
    // A file's name must not forge a message.
    #expect(ServiceNotifier.Message.status("a\nWATCHDOG=1").line == "STATUS=a WATCHDOG=1")
  }

  @Test(arguments: ["", "@", "relative/socket", "vsock:2:1", "/" + String(repeating: "x", count: 108)])
  func whatIsNoSocketIsNone(name: String) {
    #expect(ServiceNotifier(socket: name) == nil)
  }

  @Test func aManagerThatIsAwayDoesNoHarm() throws {
    try #require(ServiceNotifier(socket: "/nonexistent/notify")).tell(.watchdog)
  }
}

@Suite struct JournalTests {
  @Test func fieldsAreInTheNativeForm() throws {
    let entry = JournalEntry(
      priority: 4, message: "in the catalog",
      facts: [("job", "J000001"), ("reason", "two\nlines"), ("odd-name é", "x")])
    var expected = Array(
      "MESSAGE=in the catalog\nPRIORITY=4\nSYSLOG_IDENTIFIER=irisarchive\nIRIS_JOB=J000001\n".utf8)
    expected += Array("IRIS_REASON\n".utf8) + [9, 0, 0, 0, 0, 0, 0, 0] + Array("two\nlines\n".utf8)
    expected += Array("IRIS_ODD_NAME__=x\n".utf8)
    #expect(entry.bytes == expected)
    #expect(JournalEntry.field(String(repeating: "a", count: 100)).count == 64)
  }

  @Test func anEntryIsOneDatagram() throws {
    let path = "/dev/shm/journal-\(UUID().uuidString)"
    let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(receiver, $0, length) == 0 }
    }
    #expect(isBound)
    let journal = try #require(Journal(socket: path))
    let entry = JournalEntry(priority: 6, message: "watching", facts: [("folder", "/data/in")])
    #expect(journal.write(entry))
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    #expect(count > 0 && Array(buffer[..<max(count, 0)]) == entry.bytes)
    // Too long for a datagram, and gone: the caller is told, and writes a line instead.
    let long = JournalEntry(priority: 6, message: String(repeating: "x", count: 4 << 20), facts: [])
    #expect(!journal.write(long))
    close(receiver)
    unlink(path)
    #expect(!journal.write(entry))
  }
}

@Suite struct HookTurnsTests {
  private func due(_ event: Int64, _ hook: String, _ subject: String? = nil) -> DueDelivery {
    DueDelivery(
      event: event, eventID: "e\(event)", type: "product-ready", subject: subject ?? "s\(event)", time: 0,
      data: "{}", hook: hook, attempts: 0, nextAt: 0)
  }

  private func chosen(
    _ due: [DueDelivery], running: [(hook: String, subject: String)] = [], limit: Int = 4,
    concurrency: Int = 4
  ) -> [String] {
    HookTurns(limit: limit).choose(due, running: running) { _ in concurrency }.map { "\($0.hook)\($0.event)" }
  }

  @Test func hooksTakeTurnsAndTheOldestEventComesFirst() {
    #expect(chosen([due(3, "a"), due(1, "a"), due(2, "a"), due(9, "b")]) == ["a1", "b9", "a2"])
  }

  @Test func theLastPlaceIsKeptForAHookWithoutACall() {
    let many = (1...9).map { due(Int64($0), "a") }
    #expect(chosen(many) == ["a1", "a2", "a3"])
    #expect(chosen(many + [due(20, "b")], running: [("a", "x"), ("a", "y"), ("a", "z")]) == ["b20"])
    #expect(chosen(many, limit: 1) == ["a1"])
    #expect(chosen(many, concurrency: 2) == ["a1", "a2"])
  }

  @Test func oneCallPerHookAndSubject() {
    #expect(chosen([due(1, "a", "s"), due(2, "b", "s")], running: [("a", "s")]) == ["b2"])
  }
}

@Suite struct HookProgramTests {
  private func delivery(_ hook: String, data: String) -> DueDelivery {
    DueDelivery(
      event: 1, eventID: "e", type: "product-ready", subject: "s", time: 0, data: data, hook: hook,
      attempts: 2, nextAt: 0)
  }

  /// Runs a script as a hook; 10 MB of payload unless told otherwise.
  private func run(_ script: String, timeout: Double = 20) async throws -> (end: ProgramEnd, scratch: String)
  {
    let scratch = "/dev/shm/hook-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    let hook = scratch + "/hook"
    try script.write(toFile: hook, atomically: true, encoding: .utf8)
    chmod(hook, 0o755)
    let payload = "{\"reason\":\"\(String(repeating: "x", count: 10_000_000))\"}"
    let end = try await HookProgram(root: "/nonexistent", scratch: scratch).run(
      delivery(hook, data: payload), output: .captured(limit: 1 << 20), timeoutSeconds: timeout)
    return (end, scratch)
  }

  @Test func aLargePayloadIsReadWholeOrLeftUnread() async throws {
    let read = try await run("#!/bin/sh\nhead -n 1 | wc -c\n")
    let count = Int(
      String(decoding: read.end.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    #expect(read.end.succeeded && count ?? 0 > 10_000_000)
    let unread = try await run("#!/bin/sh\nexit 0\n")
    #expect(unread.end.succeeded && unread.end.seconds < 5)
    for folder in [read.scratch, unread.scratch] { try? FileManager.default.removeItem(atPath: folder) }
  }

  @Test func noFileGrowsBeyondItsLimit() async throws {
    let result = try await run("#!/bin/sh\nexec head -c 100000000 /dev/zero >\"$HOME/big\"\n")
    defer { try? FileManager.default.removeItem(atPath: result.scratch) }
    #expect(!result.end.succeeded)
    let size = try FileManager.default.attributesOfItem(atPath: result.scratch + "/big")[.size] as? Int
    #expect(size == 64 << 20)
  }

  /// It leaves group and session; only its environment still tells whose it is.
  @Test func whatLeavesTheGroupIsEndedToo() async throws {
    let result = try await run(
      "#!/bin/sh\nsetsid sh -c 'echo $$ >\"$HOME/pid\"; (sleep 1000 &); exec sleep 1000' &\n"
        + "while [ ! -s \"$HOME/pid\" ]; do sleep 0.01; done\nexit 0\n")
    defer { try? FileManager.default.removeItem(atPath: result.scratch) }
    #expect(result.end.succeeded)
    #expect(Stragglers.processes(holding: "HOME=\(result.scratch)") == [])
    let pid = try #require(
      Int32(
        try String(contentsOfFile: result.scratch + "/pid", encoding: .utf8)
          .trimmingCharacters(in: .whitespacesAndNewlines)))
    // Gone, or dead and not yet collected by its new parent.
    let state = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ") Z"
    #expect(state.contains(") Z"))
  }
}
