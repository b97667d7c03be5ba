import CatalogStore
import Foundation
import Glibc
import Testing

/// An archive of its own for a test, laid down by `irisarchive init` and looked at through the commands.
final class TestArchive: Sendable {
  let root: String

  /// - Parameters:
  ///   - settings: section -> key -> value, written into `config/irisarchive.cfg`.
  ///   - before: told the root before anything is laid down there.
  init(
    _ settings: [String: [String: String]] = [:], stem: String = "archive",
    before: (String) throws -> Void = { _ in }
  ) async throws {
    root = Workspace.name(stem)
    try before(root)
    try await Command.succeed(Programs.irisarchive, ["init", root])
    // Tests run on small disks, too.
    try configure(["disk": ["reserve": "0", "ballast": "0"]])
    try configure(settings)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  var incoming: String { root + "/incoming" }

  // MARK: configuration

  /// Replaces values of the laid down configuration, where each key stands once in its section.
  func configure(_ settings: [String: [String: String]]) throws {
    let path = root + "/config/irisarchive.cfg"
    var section = ""
    var left = Set(settings.flatMap { name, values in values.keys.map { "\(name).\($0)" } })
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    let changed = lines.map { line -> String in
      if line.hasPrefix("[") { section = String(line.dropFirst().prefix { $0 != "]" }) }
      let key = line.prefix { $0 != " " && $0 != "=" }
      guard line.contains("="), let value = settings[section]?[String(key)] else { return String(line) }
      left.remove("\(section).\(key)")
      return "\(key) = \(value)"
    }
    #expect(left.isEmpty, "no such settings: \(left)")
    try changed.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Puts an executable hook in.
  @discardableResult
  func addHook(_ event: String, _ name: String, _ script: String, mode: mode_t = 0o755) throws -> String {
    let path = "\(root)/hooks/\(event).d/\(name)"
    try install(script, at: path, mode: mode)
    return path
  }

  /// Puts a script in its place with its mode: a daemon that looks meanwhile sees the old one or the new one.
  func install(_ script: String, at path: String, mode: mode_t = 0o755) throws {
    let aside = "\(root)/new-\(UUID().uuidString)"
    try script.write(toFile: aside, atomically: false, encoding: .utf8)
    chmod(aside, mode)
    guard rename(aside, path) == 0 else {
      throw CommandFailed(description: "\(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Makes `tmtrun` a script that does `lines` before it becomes the real one; `$1` is `--job` or `manifest`.
  func wrapTmtrun(_ lines: String) throws {
    let path = root + "/wrapped-tmtrun"
    let script = "#!/bin/sh\n\(lines)\nexec \"\(Programs.tmtrun)\" \"$@\"\n"
    try install(script, at: path)
    try configure(["jobs": ["tmtrun": path]])
  }

  /// Switches the sample that logs a line per event on.
  func logEvents(_ event: String) throws {
    let folder = "\(root)/hooks/\(event).d"
    try FileManager.default.copyItem(atPath: folder + "/10-log.sample", toPath: folder + "/10-log")
  }

  // MARK: files

  /// Copies a file into the watched tree, in place, as `cp` does. Returns where it lies.
  @discardableResult
  func drop(_ file: String, as name: String? = nil) throws -> String {
    let target = "\(incoming)/\(name ?? (file as NSString).lastPathComponent)"
    try makeFolder((target as NSString).deletingLastPathComponent)
    try Self.copy(file, to: target)
    return target
  }

  /// Writes a file into the watched tree.
  @discardableResult
  func drop(_ data: Data, as name: String) throws -> String {
    let target = "\(incoming)/\(name)"
    try makeFolder((target as NSString).deletingLastPathComponent)
    try data.write(to: URL(fileURLWithPath: target))
    return target
  }

  func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  private static func copy(_ file: String, to target: String) throws {
    try Data(contentsOf: URL(fileURLWithPath: file)).write(to: URL(fileURLWithPath: target))
  }

  func text(_ path: String) -> String {
    (try? String(contentsOfFile: root + "/" + path, encoding: .utf8)) ?? ""
  }

  // MARK: commands

  func irisarchive(_ arguments: String..., timeout: Double = 120) async throws -> CommandResult {
    try await Command.run(
      Programs.irisarchive, arguments, environment: ["IRISARCHIVE_ROOT": root], timeout: timeout)
  }

  private func rows<T: Decodable>(_ arguments: [String]) async throws -> [T] {
    let result = try await Command.run(
      Programs.irisarchive, arguments + ["--format", "json", "--limit", "0"],
      environment: ["IRISARCHIVE_ROOT": root])
    guard result.exit == 0 || result.exit == 3 else {
      throw CommandFailed(description: "\(arguments): exit \(result.exit ?? -1)\n\(result.talk)")
    }
    return try JSONDecoder().decode([T].self, from: Data(result.out.utf8))
  }

  /// Rows of `query`, superseded products only with `--all`.
  func query(_ selection: String...) async throws -> [Row] {
    try await rows(["query"] + selection + ["--columns", Row.columns.joined(separator: ",")])
  }

  func jobs() async throws -> [JobRow] { try await rows(["jobs", "list"]) }

  func hooks() async throws -> [HookRow] { try await rows(["hooks", "list"]) }

  func deliveries() async throws -> [HookRow] { try await rows(["hooks", "log"]) }

  func job(_ name: String) async throws -> JobDetail {
    let result = try await irisarchive("jobs", "show", name, "--format", "json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(JobDetail.self, from: Data(result.out.utf8))
  }

  /// `status --format json`.
  func status() async throws -> [String: any Sendable] {
    let result = try await irisarchive("status", "--format", "json")
    return try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: any Sendable] ?? [:]
  }

  /// `watch --once` to its end.
  @discardableResult
  func watchOnce(timeout: Double = 180) async throws -> CommandResult {
    try await irisarchive("watch", "--once", timeout: timeout)
  }

  // MARK: waiting

  /// Nothing is left to do but what waits for files or for the clock.
  func isAtRest(_ reader: CatalogReader) throws -> Bool {
    try reader.unassociated(limit: 1).isEmpty && reader.unsettledAssociations().isEmpty
      && reader.jobs(states: ["queued", "running"], limit: 1).isEmpty && reader.uninsertedMasters().isEmpty
      && reader.undispatchedEvents() == 0
      && reader.pendingReviews().isEmpty
  }

  /// Waits until `files` files are in the catalog and everything that follows from them is done.
  func waitForRest(files: Int, within seconds: Double = 120) async throws {
    let reader = try CatalogReader(path: root + "/catalog/catalog.sqlite")
    var before: [Row] = []
    try await Eventually.holds("\(files) files and rest", within: seconds, every: 0.2, context: summary) {
      guard try isAtRest(reader) else { return false }
      let rows = try await query("--all")
      defer { before = rows }
      let hooks = try await deliveries().filter { $0.state == "pending" }
      return rows.filter { $0.origin == "raw" }.count >= files && rows == before && hooks.isEmpty
    }
  }

  /// What a person would look at when something is missing.
  func summary() async throws -> String {
    let log = text("logs/daemon.log").split(separator: "\n").suffix(15).joined(separator: "\n")
    return try await irisarchive("status").out + "\n" + log
  }
}
