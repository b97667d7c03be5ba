import Foundation
import Glibc
import Testing

/// Every way in which a file can come, each seen by its own event: the reconciling scan is an hour away unless a test
/// is about it.
@Suite struct ArrivalWaysTests {
  static func content(_ index: Int) async throws -> Data {
    var editor = try FITSEditor(try await frame.value)
    editor.set("OBJECT", "'object \(index)'")
    return editor.data
  }

  private static let frame = Task {
    try await Frames.make("telluric", "LEN-TEL", ["--exptime", "10", "--readmode", "CDS"])
  }

  private func archive(reconcile: String = "1 h") async throws -> TestArchive {
    try await TestArchive(
      ["intake": ["reconcile_interval": reconcile, "truncated_after": "1 s"]], stem: "ways")
  }

  /// Waits until the catalog has these names in these states, and no other.
  private func become(_ archive: TestArchive, _ states: [String: String]) async throws {
    try await Eventually.holds("\(states)", every: 0.1, context: archive.summary) {
      let rows = try await archive.query("--all").filter { $0.origin == "raw" }
      return rows.count == states.count
        && Dictionary(rows.map { ($0.name, $0.state) }) { first, _ in first } == states
    }
  }

  @Test func hardLinkedCopiedMovedAndSyncedFilesAreSeenAtOnce() async throws {
    let archive = try await archive()
    let daemon = try await Daemon(archive)
    let stage = archive.root + "/stage"
    try archive.makeFolder(stage)
    let names = ["linked", "copied", "moved", "synced", "crossed"]
    for (index, name) in names.enumerated() {
      try await Self.content(index).write(to: URL(fileURLWithPath: "\(stage)/\(name).fits"))
    }
    #expect(link("\(stage)/linked.fits", "\(archive.incoming)/linked.fits") == 0)
    try await Command.succeed("/bin/cp", ["-p", "\(stage)/copied.fits", archive.incoming])
    try await Command.succeed("/bin/mv", ["\(stage)/moved.fits", archive.incoming])
    // As rsync does: a temporary name in the same folder, then the final one.
    let temporary = archive.incoming + "/.synced.fits.Xy12Ab"
    try await Command.succeed("/bin/cp", ["\(stage)/synced.fits", temporary])
    #expect(rename(temporary, archive.incoming + "/synced.fits") == 0)
    // Across file systems where there is another: mv copies and removes then.
    let other = NSTemporaryDirectory() + "/crossed-\(UUID().uuidString).fits"
    try FileManager.default.copyItem(atPath: "\(stage)/crossed.fits", toPath: other)
    try await Command.succeed("/bin/mv", [other, archive.incoming + "/crossed.fits"])
    try await become(archive, Dictionary(uniqueKeysWithValues: names.map { ($0 + ".fits", "classified") }))
    #expect(try await daemon.stop() == 0)
  }

  @Test func aFileThatChangesIsANewVersionAndTheOldRecordStays() async throws {
    let archive = try await archive()
    let daemon = try await Daemon(archive)
    let names = ["rewritten", "appended", "replaced"]
    for (index, name) in names.enumerated() {
      try archive.drop(try await Self.content(index), as: "\(name).fits")
    }
    try await become(archive, Dictionary(uniqueKeysWithValues: names.map { ($0 + ".fits", "classified") }))
    let before = try await archive.query()
    try archive.drop(try await Self.content(10), as: "rewritten.fits")
    let tail = try FileHandle(forWritingTo: URL(fileURLWithPath: archive.incoming + "/appended.fits"))
    try tail.seekToEnd()
    try tail.write(contentsOf: Data(repeating: 0x20, count: 100))
    try tail.close()
    try await Self.content(12).write(to: URL(fileURLWithPath: archive.root + "/new.fits"))
    #expect(rename(archive.root + "/new.fits", archive.incoming + "/replaced.fits") == 0)
    try await Eventually.holds("three new records", every: 0.1, context: archive.summary) {
      try await archive.query("--all").count == 6
    }
    let after = try await archive.query("--all")
    for name in names.map({ $0 + ".fits" }) {
      let (old, new) = (
        after.first { $0.name == name && $0.state == "missing" },
        after.first { $0.name == name && $0.state == "held" }
      )
      #expect(old?.sha256 == before.first { $0.name == name }?.sha256, "\(name)")
      #expect(old?.reason?.contains("replaced at its place") == true && new?.path != nil, "\(name)")
      #expect(new?.sha256 != old?.sha256)
    }
    // The old content comes back: it is what it was.
    try archive.drop(try await Self.content(0), as: "back.fits")
    try await Eventually.holds("back", every: 0.1, context: archive.summary) {
      try await archive.query("back.fits").map(\.state) == ["classified"]
    }
    #expect(try await archive.query("--all").count == 6)
    #expect(try await daemon.stop() == 0)
  }

  @Test func aFolderThatMovedIsListenedToUnderItsNewName() async throws {
    let archive = try await archive()
    try archive.drop(try await Self.content(0), as: "a/deep/0.fits")
    let daemon = try await Daemon(archive)
    try await become(archive, ["0.fits": "classified"])
    #expect(rename(archive.incoming + "/a", archive.incoming + "/b") == 0)
    try await Eventually.holds("the record follows", every: 0.1, context: archive.summary) {
      try await archive.query("0.fits").first?.path == archive.incoming + "/b/deep/0.fits"
    }
    try archive.drop(try await Self.content(1), as: "b/deep/1.fits")
    try await become(archive, ["0.fits": "classified", "1.fits": "classified"])
    #expect(try await archive.query("1.fits").first?.path == archive.incoming + "/b/deep/1.fits")
    // Out of the tree and in again by another name, while another takes its old one.
    #expect(rename(archive.incoming + "/b", archive.root + "/out") == 0)
    try archive.drop(try await Self.content(2), as: "b/deep/2.fits")
    #expect(rename(archive.root + "/out", archive.incoming + "/c") == 0)
    try archive.drop(try await Self.content(3), as: "c/deep/3.fits")
    try archive.drop(try await Self.content(4), as: "b/deep/4.fits")
    try await become(
      archive, Dictionary(uniqueKeysWithValues: (0..<5).map { ("\($0).fits", "classified") }))
    #expect(try await archive.query("0.fits").first?.path == archive.incoming + "/c/deep/0.fits")
    #expect(try await daemon.stop() == 0)
  }

  @Test func anOverflowLosesNothing() async throws {
    let limit = "/proc/sys/fs/inotify/max_queued_events"
    let queue = Int(try String(contentsOfFile: limit, encoding: .utf8).dropLast()) ?? 16_384
    let archive = try await archive()
    let daemon = try await Daemon(archive)
    // A stopped process reads no events: the kernel's queue runs over.
    kill(daemon.pid, SIGSTOP)
    let first = try await Self.content(0)
    for index in 0...(queue / 2) {
      let file = open(archive.incoming + "/noise\(index % 50).tmp", O_WRONLY | O_CREAT, 0o644)
      close(file)
      unlink(archive.incoming + "/noise\(index % 50).tmp")
    }
    try archive.drop(first, as: "0.fits")
    for index in 1..<20 {
      try archive.drop(try await Self.content(index), as: "new\(index % 4)/deep/\(index).fits")
    }
    kill(daemon.pid, SIGCONT)
    try await become(
      archive, Dictionary(uniqueKeysWithValues: (0..<20).map { ("\($0).fits", "classified") }))
    let notices = try await archive.irisarchive("status").out
    #expect(notices.contains("events were lost"), "\(notices)")
    // The new folders are listened to, too.
    try archive.drop(try await Self.content(20), as: "new3/deep/20.fits")
    try await Eventually.holds("20", every: 0.1, context: archive.summary) {
      try await archive.query("20.fits").count == 1
    }
    #expect(try await daemon.stop() == 0)
  }

  @Test func aLookAtEverythingCanBeAskedFor() async throws {
    let archive = try await archive()
    let daemon = try await Daemon(archive, ["--poll", "3600"])
    try archive.drop(try await Self.content(0), as: "x/0.fits")
    let asked = try await archive.irisarchive("ingest", "--rescan")
    #expect(asked.exit == 0 && asked.talk.contains("asked: the daemon"), "\(asked.talk)")
    try await become(archive, ["0.fits": "classified"])
    #expect(try await daemon.stop() == 0)
    // Without a daemon the command looks itself.
    try archive.drop(try await Self.content(1), as: "x/1.fits")
    unlink(archive.incoming + "/x/0.fits")
    let looked = try await archive.irisarchive("ingest", "--rescan")
    #expect(
      looked.exit == 0 && looked.talk.contains("1 files lie in the watched tree; 1 were new"),
      "\(looked.talk)")
    try await become(archive, ["0.fits": "missing", "1.fits": "classified"])
    #expect(try await archive.irisarchive("ingest").exit == 64)
  }

  @Test(.enabled(if: SmallDisk.canMount, "needs root, to mount small disks"))
  func aDiskThatIsMountedAndUnmounted() async throws {
    let archive = try await archive(reconcile: "1 s")
    let daemon = try await Daemon(archive)
    try archive.drop(try await Self.content(0), as: "0.fits")
    let disk = try SmallDisk(at: archive.incoming + "/disk", megabytes: 8)
    try archive.drop(try await Self.content(1), as: "disk/night/1.fits")
    try await become(archive, ["0.fits": "classified", "1.fits": "classified"])
    try await Eventually.holds("it is watched anew", every: 0.1, context: archive.summary) {
      daemon.log.contains("another disk is mounted here")
    }
    disk.unmount()
    try await Eventually.holds("out of sight, not missing", every: 0.1, context: archive.summary) {
      (try await archive.status()["out_of_sight"] as? String)?.contains("1 files are out of sight") == true
    }
    try await become(archive, ["0.fits": "classified", "1.fits": "classified"])
    try archive.drop(try await Self.content(2), as: "2.fits")
    try await become(archive, ["0.fits": "classified", "1.fits": "classified", "2.fits": "classified"])
    #expect(try await daemon.stop() == 0)
  }

  @Test func thingsThatAreNoFilesAreNotedAndHarmNothing() async throws {
    let archive = try await archive()
    let daemon = try await Daemon(archive)
    #expect(mkfifo(archive.incoming + "/fifo.fits", 0o644) == 0)
    let socketed = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array((archive.incoming + "/s.fits").utf8) + [0]
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.prefix(108)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socketed, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    defer { close(socketed) }
    var names = ["fifo.fits", "s.fits", "folder.fits"]
    if mknod(archive.incoming + "/device.fits", S_IFCHR | 0o644, 0x103) == 0 { names.append("device.fits") }
    try archive.drop(try await Self.content(0), as: "folder.fits/0.fits")
    try await become(archive, ["0.fits": "classified"])
    try await Eventually.holds("notices of \(names)", every: 0.1, context: archive.summary) {
      let notices = try await archive.status()["notices"] as? [any Sendable] ?? []
      let subjects = notices.compactMap { ($0 as? [String: any Sendable])?["subject"] as? String }
      return names.allSatisfy { name in subjects.contains { $0.hasSuffix("/" + name) } }
    }
    #expect(try await daemon.stop() == 0)
  }

  @Test func pathsLongerThanCFITSIOTakesAreReduced() async throws {
    let archive = try await archive()
    let folder = (0..<6).map { "\($0)" + String(repeating: "x", count: 240) }.joined(separator: "/")
    let science = try await Frames.make("science", "IMG1-SCI", ["--exptime", "10", "--readmode", "CDS"])
    let path = try archive.drop(science, as: folder + "/long.fits")
    #expect(path.utf8.count > 1400)
    let run = try await archive.watchOnce()
    #expect(run.exit == 0, "\(run.talk)")
    let rows = try await archive.query()
    #expect(rows.first { $0.name == "long.fits" }?.path == path)
    #expect(rows.contains { $0.origin == "product" && $0.level == 2 }, "\(rows)")
  }

  @Test func filesInAFolderWhoseNameIsNotUTF8AreInTheCatalog() async throws {
    let archive = try await archive(reconcile: "1 s")
    let daemon = try await Daemon(archive)
    try archive.drop(try await Self.content(0), as: "stage/0.fits")
    try await become(archive, ["0.fits": "classified"])
    var folder = Array((archive.incoming + "/n").utf8CString.dropLast())
    folder += [CChar(bitPattern: 0xE9), 0]
    #expect(rename(archive.incoming + "/stage", folder) == 0)
    try await Eventually.holds("told by an escaped path", every: 0.1, context: archive.summary) {
      let row = try await archive.query("--state", "quarantined").first
      return row?.path == archive.incoming + "/n%E9/0.fits" && row?.reason?.contains("not UTF-8") == true
    }
    #expect(rename(folder, archive.incoming + "/named") == 0)
    try await Eventually.holds("as it was", every: 0.1, context: archive.summary) {
      try await archive.query("0.fits", "--state", "classified").first?.path == archive.incoming
        + "/named/0.fits"
    }
    #expect(try await daemon.stop() == 0)
  }

  // MARK: half-written

  @Test func aCompressedFileThatStopsGrowingIsTruncatedUntilItGrows() async throws {
    let archive = try await archive()
    let daemon = try await Daemon(archive)
    let plain = archive.root + "/slow.fits"
    try await Self.content(0).write(to: URL(fileURLWithPath: plain))
    try await Command.succeed("/bin/gzip", [plain])
    let whole = try Data(contentsOf: URL(fileURLWithPath: plain + ".gz"))
    try archive.drop(whole.prefix(whole.count / 2), as: "slow.fits.gz")
    try await Eventually.holds("truncated", every: 0.1, context: archive.summary) {
      let row = try await archive.query("slow.fits.gz").first
      return row?.state == "quarantined" && row?.reason?.contains("truncated") == true
    }
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: archive.incoming + "/slow.fits.gz"))
    try handle.seekToEnd()
    try handle.write(contentsOf: whole.dropFirst(whole.count / 2))
    try handle.close()
    try await Eventually.holds("whole", every: 0.1, context: archive.summary) {
      try await archive.query("slow.fits.gz", "--state", "classified").count == 1
    }
    #expect(try await daemon.stop() == 0)
  }

  // MARK: identity

  @Test func identicalFilesAtOneMomentAreOneAndItsDuplicates() async throws {
    let archive = try await archive()
    let daemon = try await Daemon(archive)
    let data = try await Self.content(0)
    let stage = archive.root + "/stage"
    try archive.makeFolder(stage)
    for index in 0..<12 { try data.write(to: URL(fileURLWithPath: "\(stage)/\(index).fits")) }
    #expect(rename(stage, archive.incoming + "/stage") == 0)
    try await Eventually.holds("all are in", every: 0.1, context: archive.summary) {
      try await archive.query("--all").count == 12
    }
    let states = try await archive.query("--all").map(\.state).sorted()
    #expect(states == ["classified"] + Array(repeating: "duplicate", count: 11))
    #expect(try await daemon.stop() == 0)
  }

  @Test func filesThatWereMovedAndSwappedWhileTheDaemonWasDownKeepTheirRecords() async throws {
    let archive = try await archive()
    for index in 0..<4 { try archive.drop(try await Self.content(index), as: "\(index).fits") }
    #expect(try await archive.watchOnce().exit == 0)
    func sums() async throws -> [String: String] {
      Dictionary(uniqueKeysWithValues: try await archive.query().map { ($0.name, $0.sha256 ?? "") })
    }
    let before = try await sums()
    func move(_ from: String, _ to: String) {
      #expect(rename("\(archive.incoming)/\(from)", "\(archive.incoming)/\(to)") == 0)
    }
    try archive.makeFolder(archive.incoming + "/d")
    move("0.fits", "d/zero.fits")
    move("1.fits", "swap.tmp")
    move("2.fits", "1.fits")
    move("swap.tmp", "2.fits")
    #expect(try await archive.watchOnce().exit == 0)
    let after = try await archive.query("--all")
    #expect(after.count == 4 && after.allSatisfy { $0.state == "classified" }, "\(after)")
    let now = try await sums()
    #expect(now["zero.fits"] == before["0.fits"] && now["3.fits"] == before["3.fits"])
    #expect(now["1.fits"] == before["2.fits"] && now["2.fits"] == before["1.fits"])
    #expect(try await archive.irisarchive("verify").exit == 0)
  }

  @Test func verifyTellsWhatIsExtraAndWhatHasMoved() async throws {
    let archive = try await archive()
    try archive.drop(try await Frames.make("science", "IMG1-SCI"), as: "raw.fits")
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.irisarchive("verify").exit == 0)
    let product = try #require(try await archive.query().first { $0.origin == "product" })
    let path = try #require(product.path)
    #expect(rename(path, archive.root + "/products/elsewhere.fits") == 0)
    try Data("?".utf8).write(to: URL(fileURLWithPath: archive.root + "/products/stray.fits"))
    #expect(rename(archive.incoming + "/raw.fits", archive.incoming + "/renamed.fits") == 0)
    let run = try await archive.irisarchive("verify", "--format", "tsv", "--columns", "name,problem,path")
    #expect(run.exit == 4)
    let lines = Set(run.lines.dropFirst())
    #expect(lines.contains("raw.fits\tmoved\t\(archive.incoming)/raw.fits"), "\(run.out)")
    #expect(lines.contains("\(product.name)\tmoved\t\(path)"), "\(run.out)")
    #expect(lines.contains("stray.fits\textra\t\(archive.root)/products/stray.fits"), "\(run.out)")
    #expect(lines.count == 3, "\(run.out)")
  }
}
