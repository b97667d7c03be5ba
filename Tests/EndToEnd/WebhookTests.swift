import Foundation
import Glibc
import Testing

/// The webhook sample against a real HTTP server that fails, hangs, is away and comes back.
@Suite struct WebhookTests {
  static let secret = "a secret of the observatory"
  static let hasTools = Programs.tool("curl") != nil && Programs.tool("openssl") != nil

  private func archive(_ server: WebServer, sidecar: String) async throws -> TestArchive {
    // 10 s, 30 s, 2 min, 10 min, 1 h become 20 ms, 60 ms, 0.24 s, 1.2 s and 7.2 s.
    let archive = try await TestArchive(["hooks": ["retry_scale": "0.002"]])
    let folder = archive.root + "/hooks/exposure-received.d"
    try FileManager.default.copyItem(
      atPath: archive.root + "/hooks/product-ready.d/20-webhook.sample", toPath: folder + "/20-webhook")
    let secret = archive.root + "/secret"
    try Data((Self.secret + "\n").utf8).write(to: URL(fileURLWithPath: secret))
    chmod(secret, 0o600)
    try "url = \(server.url)\nsecret_file = \(secret)\n".write(
      toFile: folder + "/20-webhook.cfg", atomically: true, encoding: .utf8)
    try settings(archive, sidecar)
    return archive
  }

  private func settings(_ archive: TestArchive, _ sidecar: String) throws {
    try sidecar.write(
      toFile: archive.root + "/hooks/exposure-received.cfg", atomically: true, encoding: .utf8)
  }

  private func isCalling(_ server: WebServer) throws -> Bool {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").contains { name in
      guard Int32(name) != nil, let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
      else { return false }
      return String(decoding: line, as: UTF8.self).contains(":\(server.port)/")
    }
  }

  @Test(.enabled(if: hasTools, "curl and openssl are not installed"))
  func theEventIsDeliveredOnceTheServerHasRecovered() async throws {
    let server = try WebServer()
    let archive = try await archive(server, sidecar: "timeout = 1 min\nretries = 100\n")
    server.behave(.answers(500))
    let daemon = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0], as: "dark.fits")
    try await Eventually.holds("refused with 500", context: archive.summary) { !server.requests.isEmpty }

    // Long enough to reach the server on a busy machine, and much shorter than curl's own patience.
    try settings(archive, "timeout = 4 s\nretries = 100\n")
    server.behave(.hangs)
    try await Eventually.holds("a hanging call is ended", within: 120, context: archive.summary) {
      guard server.requests.contains(where: { $0.conduct == .hangs }) else { return false }
      return try await archive.deliveries().first?.reason == "it took too long and was stopped"
    }
    let waiting = try await archive.status()["hook_problems"] as? [[String: any Sendable]]
    #expect(waiting?.first?["state"] as? String == "retrying", "\(String(describing: waiting))")

    server.close()
    try settings(archive, "timeout = 1 min\nretries = 100\n")
    try await Eventually.holds("attempts find nobody", within: 120, context: archive.summary) {
      try await archive.deliveries().first?.reason == "it asked to be called again (exit 75)"
    }
    let before = server.requests.count
    let attempts = try await archive.deliveries().first?.attempts ?? 0
    try await Eventually.holds("another finds nobody", within: 120, context: archive.summary) {
      try await archive.deliveries().first?.attempts ?? 0 > attempts
    }
    #expect(server.requests.count == before)
    #expect(try await archive.deliveries().map(\.state) == ["pending"])

    server.behave(.answers(204))
    try server.open()
    // The operator need not wait: `hooks retry` calls at once (3: it is being called just now).
    let retry = try await archive.irisarchive("hooks", "retry", "20-webhook").exit
    #expect(retry == 0 || retry == 3)
    try await Eventually.holds("delivered", context: archive.summary) {
      try await archive.deliveries().map(\.state) == ["delivered"]
    }
    let successes = server.requests.filter { $0.conduct == .answers(204) }
    #expect(successes.count == 1)
    #expect(Set(server.requests.map { $0.headers["x-iris-event-id"] }).count == 1)
    // Attempts are counted, also those that found nobody.
    let counts = server.requests.compactMap { Int($0.headers["x-iris-attempt"] ?? "") }
    #expect(counts.first == 1 && counts == Array(Set(counts)).sorted(), "\(counts)")
    #expect(counts.count == server.requests.count && counts.last ?? 0 > counts.count)
    for request in server.requests {
      #expect(request.method == "POST" && request.headers["x-iris-event-id"]?.isEmpty == false)
      #expect(
        request.headers["x-iris-signature"]
          == WebServer.signature(of: request.body, secret: Self.secret))
      #expect(request.body.contains(#""subject":"dark.fits""#))
    }
    #expect(
      WebServer.signature(of: successes.first?.body ?? "", secret: "another")
        != successes.first?.headers["x-iris-signature"])
    #expect(try !isCalling(server))
    #expect(try await daemon.stop() == 0)
  }

  @Test(.enabled(if: hasTools, "curl and openssl are not installed"))
  func aServerThatStaysAwayMakesDeadLettersThatCanBePutBack() async throws {
    let server = try WebServer()
    let archive = try await archive(server, sidecar: "retries = 1\n")
    server.close()
    let daemon = try await Daemon(archive)
    for (index, frame) in try await Frames.darks(2).enumerated() {
      try archive.drop(frame, as: "dark\(index).fits")
    }
    try await Eventually.holds("both dead", context: archive.summary) {
      try await archive.deliveries().map(\.state) == ["dead", "dead"]
    }
    let dead = try await archive.deliveries()
    #expect(dead.map(\.attempts) == [2, 2])
    let problems = try await archive.status()["hook_problems"] as? [[String: any Sendable]] ?? []
    #expect(problems.count == 2)
    #expect(
      problems.allSatisfy { ($0["reason"] as? String)?.contains("given up after 2 attempts") == true }
        && problems.allSatisfy { ($0["next"] as? String)?.contains("irisarchive hooks retry") == true })

    try server.open()
    let id = try #require(dead.first?.eventID)
    #expect(try await archive.irisarchive("hooks", "retry", "--event", id).exit == 0)
    try await Eventually.holds("one delivered", context: archive.summary) {
      try await archive.deliveries().map(\.state).sorted() == ["dead", "delivered"]
    }
    #expect(server.requests.map { $0.headers["x-iris-event-id"] } == [id])
    #expect(try await archive.irisarchive("hooks", "retry").exit == 0)
    try await Eventually.holds("all delivered", context: archive.summary) {
      try await archive.deliveries().map(\.state) == ["delivered", "delivered"]
    }
    #expect(try await archive.irisarchive("hooks", "retry").exit == 3)
    #expect(try await daemon.stop() == 0)
  }
}
