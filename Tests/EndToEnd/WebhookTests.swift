import Foundation
import Glibc
import Testing

/// The webhook sample against a real HTTP server that fails, hangs, is away and comes back.
@Suite struct WebhookTests {
  static let secret = "a secret of the observatory"
  static let hasTools = Programs.tool("curl") != nil && Programs.tool("openssl") != nil

  private func archive(_ server: WebServer, sidecar: String) async throws -> TestArchive {
    // 10 s, 30 s, 2 min, 10 min become 0.2, 0.6, 2.4 and 12 s.
    let archive = try await TestArchive(["hooks": ["retry_scale": "0.02"]])
    let folder = archive.root + "/hooks/exposure-received.d"
    try FileManager.default.copyItem(atPath: folder + "/20-webhook.sample", toPath: folder + "/20-webhook")
    let secret = archive.root + "/secret"
    try Data((Self.secret + "\n").utf8).write(to: URL(fileURLWithPath: secret))
    chmod(secret, 0o600)
    try "url = \(server.url)\nsecret_file = \(secret)\n".write(
      toFile: folder + "/20-webhook.cfg", atomically: true, encoding: .utf8)
    try sidecar.write(
      toFile: archive.root + "/hooks/exposure-received.cfg", atomically: true, encoding: .utf8)
    return archive
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
    let archive = try await archive(server, sidecar: "timeout = 2 s\n")
    server.behave(.answers(500))
    let daemon = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0], as: "dark.fits")
    try await Eventually.holds("refused with 500", context: archive.summary) { !server.requests.isEmpty }

    server.behave(.hangs)
    try await Eventually.holds("a call hangs", context: archive.summary) {
      try isCalling(server) && server.requests.contains { $0.conduct == .hangs }
    }
    try await Eventually.holds("the hanging call is ended with its group", context: archive.summary) {
      try !isCalling(server)
    }
    let waiting = try await archive.status()["hook_problems"] as? [[String: any Sendable]]
    #expect(waiting?.first?["state"] as? String == "retrying", "\(String(describing: waiting))")

    let before = server.requests.count
    server.close()
    try await Eventually.holds("an attempt finds nobody", context: archive.summary) {
      try await archive.deliveries().first?.attempts ?? 0 >= 3
    }
    #expect(server.requests.count == before)
    #expect(try await archive.deliveries().map(\.state) == ["pending"])

    try server.open()
    server.behave(.answers(204))
    // The operator need not wait: `hooks retry` calls at once.
    #expect(try await archive.irisarchive("hooks", "retry", "20-webhook").exit == 0)
    try await Eventually.holds("delivered", context: archive.summary) {
      try await archive.deliveries().map(\.state) == ["delivered"]
    }
    let successes = server.requests.filter { $0.conduct == .answers(204) }
    #expect(successes.count == 1)
    #expect(Set(server.requests.map { $0.headers["x-iris-event-id"] }).count == 1)
    for request in server.requests {
      #expect(request.method == "POST" && request.headers["x-iris-event-id"]?.isEmpty == false)
      #expect(
        request.headers["x-iris-signature"]
          == WebServer.signature(of: request.body, secret: Self.secret))
      #expect(request.body.contains(#""subject":"dark.fits""#))
    }
    #expect(
      WebServer.signature(of: successes[0].body, secret: "another")
        != successes[0].headers["x-iris-signature"])
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
