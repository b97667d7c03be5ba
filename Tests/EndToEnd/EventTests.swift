import Foundation
import Glibc
import Testing

/// Every kind of event is told when it happens, in the form that `hooks/event.schema.json` publishes.
@Suite struct EventTests {
  private static let kinds = [
    "exposure-received", "exposure-held", "exposure-quarantined", "association-ready", "run-failed",
    "product-ready", "product-superseded", "product-stale", "reference-updated", "disk-low", "night-closed",
  ]

  private func told(_ archive: TestArchive) throws -> [[String: Any]] {
    try archive.text("told").split(separator: "\n").compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
  }

  private func waitFor(_ kind: String, _ archive: TestArchive) async throws {
    try await Eventually.holds("told: \(kind)", context: archive.summary) {
      try told(archive).contains { $0["type"] as? String == "org.iris.archive.\(kind)" }
    }
  }

  @Test func everyKindIsToldAndValid() async throws {
    let archive = try await TestArchive([
      "associations": ["wait_scale": "0.01"], "disk": ["check_interval": "0.1 s"],
    ])
    for kind in Self.kinds {
      try archive.addHook(
        kind, "10-tell",
        "#!/bin/sh\n[ \"$IRISARCHIVE_EVENT\" = \(kind) ] && cat >>\"$IRISARCHIVE_ROOT/told\"\n")
    }
    try archive.wrapTmtrun("[ \"$1\" = --job ] && [ -e \"\(archive.root)/fail\" ] && exit 1")
    let daemon = try await Daemon(archive)

    let darks = try await Frames.darks(5, seed: 31)
    for (index, dark) in darks.enumerated() { try archive.drop(dark, as: "dark\(index).fits") }
    for kind in ["exposure-received", "association-ready", "product-ready", "reference-updated"] {
      try await waitFor(kind, archive)
    }
    try archive.drop(Data(repeating: 0x41, count: 5760), as: "junk.fits")
    try await waitFor("exposure-quarantined", archive)
    var odd = try FITSEditor(darks[0])
    odd.set("DETECTOR", "'NOSUCH'")
    try archive.drop(odd.data, as: "odd.fits")
    try await waitFor("exposure-held", archive)

    try await Eventually.holds("the master is made", context: archive.summary) {
      try await archive.query("--kind", "dark").count == 1
    }
    #expect(
      try await archive.irisarchive("flag", "dark2.fits", "--quality", "BAD", "--reason", "light").exit == 0)
    try await waitFor("product-stale", archive)
    #expect(FileManager.default.createFile(atPath: archive.root + "/fail", contents: nil))
    #expect(try await archive.irisarchive("reprocess", "--stale", "--yes").exit == 0)
    try await waitFor("run-failed", archive)
    try FileManager.default.removeItem(atPath: archive.root + "/fail")
    let failed = try #require(try await archive.jobs().first { $0.state == "failed" || $0.state == "dead" })
    #expect(try await archive.irisarchive("jobs", "retry", failed.name).exit == 0)
    try await waitFor("product-superseded", archive)
    // On a slow machine the short waits of this test have closed the night before.
    let closing = try await archive.irisarchive("night", "close")
    #expect(closing.exit == 0 || closing.exit == 3, "\(closing.talk)")
    try await waitFor("night-closed", archive)
    try archive.configure(["disk": ["reserve": "900000 GB"]])
    #expect(try await daemon.reload()["accepted"] as? Bool == true)
    try await waitFor("disk-low", archive)
    #expect(try await daemon.stop() == 0)

    let schema = try SchemaCheck(file: archive.root + "/hooks/event.schema.json")
    for line in archive.text("told").split(separator: "\n") {
      #expect(schema.faults(of: String(line)) == [], "\(line)")
    }
    let events = try told(archive)
    let types = Set(events.compactMap { $0["type"] as? String })
    #expect(types == Set(Self.kinds.map { "org.iris.archive.\($0)" }))
    #expect(Set(events.compactMap { $0["id"] as? String }).count == events.count)
    try await theStagesAreInOrder(archive)
  }

  /// The schema itself would notice: a text that it must refuse for each of its clauses.
  @Test(arguments: [
    #"{}"#,
    #"{"specversion":"0.3","id":"a","source":"s","type":"org.iris.archive.disk-low","subject":"x","time":"2026-07-14T09:12:44.123Z","data":{}}"#,
    #"{"specversion":"1.0","id":"","source":"s","type":"org.iris.archive.disk-low","subject":"x","time":"2026-07-14T09:12:44.123Z","data":{}}"#,
    #"{"specversion":"1.0","id":"a","source":"s","type":"org.iris.archive.nosuch","subject":"x","time":"2026-07-14T09:12:44.123Z","data":{}}"#,
    #"{"specversion":"1.0","id":"a","source":"s","type":"org.iris.archive.disk-low","subject":"x","time":"yesterday","data":{}}"#,
    #"{"specversion":"1.0","id":"a","source":"s","type":"org.iris.archive.disk-low","subject":"x","time":"2026-07-14T09:12:44.123Z","data":{"level":4}}"#,
    #"{"specversion":"1.0","id":"a","source":"s","type":"org.iris.archive.disk-low","subject":"x","time":"2026-07-14T09:12:44.123Z","data":{"sha256":"00"}}"#,
    #"{"specversion":"1.0","id":"a","source":"s","type":"org.iris.archive.disk-low","subject":"x","time":"2026-07-14T09:12:44.123Z","data":{},"more":1}"#,
  ])
  func theCheckOfTheSchemaCanFail(text: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../hooks/event.schema.json").standardizedFileURL.path
    #expect(try !SchemaCheck(file: file).faults(of: text).isEmpty)
  }

  /// `show` prints when a file went through each stage, and no stage comes before the one it follows.
  private func theStagesAreInOrder(_ archive: TestArchive) async throws {
    func times(_ name: String, _ fields: [String]) async throws -> [String] {
      let result = try await archive.irisarchive("show", name, "--format", "json")
      let record = try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any] ?? [:]
      return fields.map { record[$0] as? String ?? "\($0) is not told" }
    }
    let stages = [
      "closed_at", "seen_at", "catalogued_at", "associated_at", "queued_at", "started_at", "done_at",
    ]
    let dark = try await times("dark0.fits", stages)
    #expect(dark == dark.sorted() && dark.allSatisfy { $0.hasPrefix("20") }, "\(dark)")
    let toldOf = try await times("dark0.fits", ["catalogued_at", "told_at"])
    #expect(toldOf == toldOf.sorted() && toldOf.allSatisfy { $0.hasPrefix("20") }, "\(toldOf)")
    let master = try #require(try await archive.query("--kind", "dark").first)
    let made = try await times(master.name, ["queued_at", "started_at", "done_at", "told_at"])
    #expect(made == made.sorted() && made.allSatisfy { $0.hasPrefix("20") }, "\(made)")
  }
}
