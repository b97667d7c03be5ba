import Foundation
import Glibc
import Testing

/// Hooks are told at least once, in order, and only trusted ones are.
@Suite struct HookTests {
  private struct Told: Equatable {
    var event: String
    var attempt: Int
  }

  /// `<id> <attempt>` lines that a test's hook writes.
  private func told(_ archive: TestArchive, _ file: String = "told") -> [Told] {
    archive.text(file).split(separator: "\n").map { line in
      let words = line.split(separator: "\t")
      return Told(event: String(words[0]), attempt: Int(words[1]) ?? 0)
    }
  }

  @Test func exit75IsCalledAgainAndHoldsLaterEventsOfItsSubject() async throws {
    let archive = try await TestArchive()
    // The first event of a subject fails once; everything else is taken.
    try archive.addHook(
      "exposure-held", "10-later",
      """
      #!/bin/sh
      cat >/dev/null
      printf '%s\\t%s\\n' "$IRISARCHIVE_EVENT_ID" "$IRISARCHIVE_ATTEMPT" >>"$IRISARCHIVE_ROOT/told"
      [ -e "$IRISARCHIVE_ROOT/seen" ] && exit 0
      : >"$IRISARCHIVE_ROOT/seen"
      exit 75

      """)
    let frames = try await Frames.darks(4, seed: 5)
    let daemon = try await Daemon(archive)
    for (index, frame) in frames.prefix(3).enumerated() {
      try archive.drop(frame, as: "\(index)/same.fits")
      try await Eventually.holds("frame \(index)", context: archive.summary) {
        try await archive.query("same.fits").count == index + 1
      }
    }
    try await Eventually.holds("all delivered", context: archive.summary) {
      try await archive.deliveries().filter { $0.state == "delivered" }.count == 2
    }
    let calls = told(archive)
    #expect(calls.map(\.attempt) == [1, 2, 1])
    #expect(calls[0].event == calls[1].event && calls[1].event != calls[2].event)
    #expect(try await daemon.stop() == 0)
  }

  @Test func anyOtherCodeFailsForGoodAndIsShown() async throws {
    let archive = try await TestArchive()
    let hook = try archive.addHook("exposure-received", "10-fails", "#!/bin/sh\nexit 3\n")
    try archive.addHook("exposure-received", "20-works", "#!/bin/sh\ncat >\"$IRISARCHIVE_ROOT/event\"\n")
    try archive.drop(try await Frames.darks(1)[0], as: "dark.fits")
    try await archive.watchOnce()
    let deliveries = try await archive.deliveries()
    #expect(deliveries.filter { $0.hook == hook }.map(\.state) == ["failed"])
    #expect(deliveries.filter { $0.hook == hook }.first?.reason?.contains("3") == true)
    #expect(deliveries.filter { $0.hook != hook }.map(\.state) == ["delivered"])
    let event = try #require(
      try JSONSerialization.jsonObject(with: Data(archive.text("event").utf8)) as? [String: Any])
    #expect(event["type"] as? String == "org.iris.archive.exposure-received")
    #expect(event["specversion"] as? String == "1.0" && event["subject"] as? String == "dark.fits")
    let data = try #require(event["data"] as? [String: Any])
    #expect(data["obsname"] as? String == "IMG1-DRK")
    #expect(data["path"] as? String == archive.incoming + "/dark.fits")
    #expect(archive.text("event").split(separator: "\n").count == 1)
    let problems = try await archive.status()["hook_problems"] as? [any Sendable]
    #expect(problems?.count == 1)
  }

  @Test func theEnvironmentIsScrubbed() async throws {
    let archive = try await TestArchive()
    try archive.addHook("exposure-received", "10-env", "#!/bin/sh\nenv >\"$IRISARCHIVE_ROOT/environment\"\n")
    try archive.drop(try await Frames.darks(1)[0])
    try await archive.watchOnce()
    let names = Set(
      archive.text("environment").split(separator: "\n").map { String($0.prefix { $0 != "=" }) })
    let known: Set = [
      "PATH", "HOME", "LANG", "IRISARCHIVE_EVENT", "IRISARCHIVE_EVENT_ID", "IRISARCHIVE_ATTEMPT",
      "IRISARCHIVE_ROOT",
    ]
    // The shell itself adds these.
    #expect(names.subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == known)
  }

  @Test(arguments: [0o775, 0o757] as [mode_t])
  func aHookThatOthersMayWriteIsRefused(mode: mode_t) async throws {
    let archive = try await TestArchive()
    try archive.addHook(
      "exposure-received", "10-open", "#!/bin/sh\n: >\"$IRISARCHIVE_ROOT/ran\"\n", mode: mode)
    try archive.drop(try await Frames.darks(1)[0])
    #expect(try await archive.watchOnce().exit == 0)
    let hooks = try await archive.hooks()
    #expect(hooks.map(\.state) == ["refused"] && hooks.first?.reason?.contains("writable") == true)
    #expect(!FileManager.default.fileExists(atPath: archive.root + "/ran"))
    let deliveries = try await archive.deliveries()
    #expect(deliveries.map(\.state) == ["failed"] && deliveries.first?.reason?.contains("refused") == true)
    let doctor = try await archive.irisarchive("doctor")
    #expect(doctor.exit == 4 && (doctor.out + doctor.talk).contains("10-open"), "\(doctor.out)")
  }

  @Test func aKilledDaemonTellsAgainUnderTheSameIdentity() async throws {
    let archive = try await TestArchive()
    try archive.addHook(
      "exposure-received", "10-slow",
      """
      #!/bin/sh
      cat >/dev/null
      printf '%s\\t%s\\n' "$IRISARCHIVE_EVENT_ID" "$IRISARCHIVE_ATTEMPT" >>"$IRISARCHIVE_ROOT/told"
      while [ ! -e "$IRISARCHIVE_ROOT/gate" ] && [ -d "$IRISARCHIVE_ROOT" ]; do /bin/sleep 0.05; done

      """)
    let first = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0])
    try await Eventually.holds("the hook runs", context: archive.summary) { told(archive).count == 1 }
    #expect(try await first.stop(SIGKILL) == -SIGKILL)
    let second = try await Daemon(archive)
    try await Eventually.holds("the hook runs again", context: archive.summary) { told(archive).count == 2 }
    #expect(FileManager.default.createFile(atPath: archive.root + "/gate", contents: nil))
    try await Eventually.holds("delivered", context: archive.summary) {
      try await archive.deliveries().map(\.state) == ["delivered"]
    }
    #expect(Set(told(archive).map(\.event)).count == 1)
    #expect(try await second.stop() == 0)
  }
}
