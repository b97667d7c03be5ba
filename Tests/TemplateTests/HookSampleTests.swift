import ChildProcess
import Foundation
import Glibc
import Testing

/// The samples in `hooks/`, run as the daemon runs hooks, with `curl` and `sendmail` of the test's own.
@Suite final class HookSampleTests: Sendable {
  private let hooks = packageRoot.appendingPathComponent("hooks").path
  private let root = "/dev/shm/hooks-\(UUID().uuidString)"
  private let event =
    #"{"specversion":"1.0","id":"E1","source":"iris","type":"org.iris.archive.product-ready","#
    + #""subject":"a \"b\" \\ é","time":"2026-07-14T09:12:44.123Z","data":{"name":"x","path":"\/data\/x.fits","#
    + #""reason":"say \"path\":\"no\""}}"#

  init() throws {
    for folder in ["bin", "logs", "hooks"] {
      try FileManager.default.createDirectory(atPath: root + "/" + folder, withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func samples() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: hooks).filter { $0.hasSuffix(".sample") }
  }

  private func write(_ path: String, _ text: String, mode: mode_t = 0o755) throws {
    try text.write(toFile: root + "/" + path, atomically: true, encoding: .utf8)
    chmod(root + "/" + path, mode)
  }

  /// Switches a sample on with these settings and runs it on the event.
  private func run(_ name: String, settings: String? = nil) async throws -> ProgramEnd {
    let hook = root + "/hooks/" + name
    if !FileManager.default.fileExists(atPath: hook) {
      try FileManager.default.copyItem(atPath: "\(hooks)/product-ready.d/\(name).sample", toPath: hook)
    }
    if let settings { try write("hooks/\(name).cfg", settings, mode: 0o600) }
    return try await ProgramRun(
      executable: hook,
      environment: [
        "PATH": root + "/bin:/usr/bin:/bin", "HOME": root, "LANG": "C.UTF-8",
        "IRISARCHIVE_EVENT": "product-ready", "IRISARCHIVE_EVENT_ID": "E1", "IRISARCHIVE_ATTEMPT": "1",
        "IRISARCHIVE_ROOT": root,
      ], workingDirectory: root, standardInput: .data(Data((event + "\n").utf8)),
      output: .captured(limit: 10_000), timeout: .seconds(30)
    ).run()
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }

  @Test func everyEventHasAFolderASampleAndALineInTheSchema() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: hooks + "/event.schema.json"))
    let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let properties = try #require(schema["properties"] as? [String: Any])
    let types = try #require((properties["type"] as? [String: Any])?["enum"] as? [String])
    let events = Set(types.map { $0.replacingOccurrences(of: "org.iris.archive.", with: "") })
    #expect(events.count == 11)
    #expect(Set(try samples().map { String($0.prefix { $0 != "/" }) }) == Set(events.map { $0 + ".d" }))
    let readme = try String(contentsOfFile: hooks + "/README.md", encoding: .utf8)
    for event in events { #expect(readme.contains("| `\(event)` |")) }
  }

  @Test func samplesOfOneNameAreOneTextAndCanBeRun() throws {
    for path in try samples() {
      let name = try #require(path.split(separator: "/").last)
      let model = FileManager.default.contents(atPath: "\(hooks)/product-ready.d/\(name)")
      #expect(FileManager.default.contents(atPath: hooks + "/" + path) == model, "\(path)")
      #expect(FileManager.default.isExecutableFile(atPath: hooks + "/" + path), "\(path)")
    }
  }

  @Test func theLogSampleWritesALine() async throws {
    #expect(try await run("10-log").succeeded)
    let line = #"2026-07-14T09:12:44.123Z org.iris.archive.product-ready a \"b\" \\ é /data/x.fits"# + "\n"
    #expect(try text("logs/events.log") == line)
  }

  @Test(arguments: ["short", String(repeating: "k", count: 64), String(repeating: "é", count: 70)])
  func theWebhookSignsTheBody(secret: String) async throws {
    try write("bin/curl", "#!/bin/sh\nprintf '%s\\n' \"$@\" >\(root)/args; cat >\(root)/body; printf 204\n")
    try write("secret", secret + "\n", mode: 0o600)
    let end = try await run(
      "20-webhook", settings: "url = http://localhost/x\nsecret_file = \(root)/secret\n")
    #expect(end.succeeded, "\(String(decoding: end.output, as: UTF8.self))")
    #expect(try text("body") == event)
    let reference = try await ProgramRun(
      executable: "/usr/bin/openssl", arguments: ["dgst", "-sha256", "-r", "-hmac", secret],
      standardInput: .data(Data(event.utf8)), output: .captured(limit: 1000)
    ).run()
    let expected = String(decoding: reference.output, as: UTF8.self).prefix(64)
    #expect(expected.count == 64)
    let arguments = try text("args")
    #expect(arguments.contains("X-Iris-Signature: sha256=\(expected)\n"))
    #expect(arguments.contains("\nhttp://localhost/x\n"))
    #expect(!arguments.contains(secret))
  }

  @Test(arguments: [
    ("printf 200", 0), ("printf 503", 75), ("printf 429", 75), ("printf 404", 1), ("exit 7", 75),
  ])
  func theWebhookTellsLaterFromNever(answer: String, code: Int32) async throws {
    try write("bin/curl", "#!/bin/sh\ncat >/dev/null; \(answer)\n")
    try write("secret", "s", mode: 0o600)
    let end = try await run("20-webhook", settings: "url=http://localhost/\nsecret_file=\(root)/secret\n")
    #expect(end.cause == .exited(code))
  }

  @Test func mailIsHandedToSendmail() async throws {
    try write("bin/sendmail", "#!/bin/sh\necho \"$@\" >\(root)/args; cat >\(root)/mail\n")
    #expect(try await run("30-mail", settings: "to = a@example.org\nfrom = b@example.org\n").succeeded)
    #expect(try text("args") == "-t -i\n")
    let mail = try text("mail")
    #expect(
      mail.hasPrefix(
        "From: b@example.org\nTo: a@example.org\nSubject: [iris] product-ready a \\\"b\\\" \\\\ \n"))
    #expect(mail.contains("\n\nevent:   product-ready\n"))
    #expect(mail.contains("path:    /data/x.fits\n"))
    #expect(mail.hasSuffix(event + "\n"))
  }

  @Test func theDesktopSampleCallsTheDesktopOrPassesOver() async throws {
    try write("bin/notify-send", "#!/bin/sh\nprintf '%s\\n' \"$@\" >\(root)/args\n")
    let user = String(cString: getpwuid(getuid()).pointee.pw_name)
    let end = try await run("40-desktop", settings: "user = \(user)\n")
    #expect(end.succeeded)
    let isLoggedIn = FileManager.default.fileExists(atPath: "/run/user/\(getuid())/bus")
    #expect(FileManager.default.fileExists(atPath: root + "/args") == isLoggedIn)
    #expect(try await run("40-desktop", settings: "user = no-such-user\n").cause == .exited(78))
  }

  @Test(arguments: ["20-webhook", "30-mail", "40-desktop"])
  func withoutSettingsASampleSaysWhatIsMissing(name: String) async throws {
    let end = try await run(name)
    #expect(end.cause == .exited(78))
    #expect(String(decoding: end.output, as: UTF8.self).contains("\(name).cfg"))
  }
}
