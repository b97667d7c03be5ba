import CatalogStore
import Foundation
import Glibc
import Testing

/// Disks that are full, really: nothing that arrives is lost, what happens is told, and work goes on by itself.
@Suite(.enabled(if: SmallDisk.canMount, "needs root, to mount small disks"))
struct DiskFullTests {
  private func allocated(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
  }

  private func low(_ archive: TestArchive) async throws -> [[String: String]] {
    try await archive.status()["disk_low"] as? [[String: String]] ?? []
  }

  private func recorded(_ archive: TestArchive, _ count: Int) async throws {
    try await Eventually.holds("\(count) files", every: 0.1, context: archive.summary) {
      try await archive.query().filter { $0.origin == "raw" && $0.state == "classified" }.count == count
    }
  }

  private func queued(_ archive: TestArchive) async throws {
    try await Eventually.holds("the job is queued", every: 0.1, context: archive.summary) {
      try await archive.jobs().map(\.state) == ["queued"]
    }
  }

  private func done(_ archive: TestArchive) async throws {
    try await Eventually.holds("the job is done", every: 0.1, context: archive.summary) {
      guard try await archive.jobs().map(\.state) == ["done"] else { return false }
      return try await low(archive).isEmpty
    }
  }

  private func tellLowDisks(_ archive: TestArchive) throws {
    try archive.addHook(
      "disk-low", "10-tell",
      "#!/bin/sh\ncat >>\"$IRISARCHIVE_ROOT/told\"\necho >>\"$IRISARCHIVE_ROOT/told\"\n")
  }

  @Test func theBallastIsGivenUpToRecordAndComesBack() async throws {
    var mounted: SmallDisk?
    let archive = try await TestArchive(
      ["disk": ["reserve": "0", "ballast": "4 MiB", "check_interval": "0.1 s"]], stem: "full",
      before: { mounted = try SmallDisk(at: $0 + "/catalog", megabytes: 32) })
    let disk = try #require(mounted)
    try tellLowDisks(archive)
    let ballast = archive.root + "/catalog/ballast"
    let darks = try await Frames.darks(5)
    let daemon = try await Daemon(archive)
    #expect(allocated(ballast) >= 4 << 20, "really on the disk")
    try disk.fill()
    try await Eventually.holds("it is told", every: 0.1, context: archive.summary) {
      try await low(archive).first?["state"] == "full"
    }
    #expect(allocated(ballast) == 0)
    #expect(try await low(archive).first?["reason"]?.contains("given up to record") == true)
    for dark in darks { try archive.drop(dark) }
    try await recorded(archive, 5)
    try await queued(archive)
    let text = try await archive.irisarchive("status").out
    #expect(text.contains("catalog/ballast were given up"), "\(text)")
    let doctor = try await archive.irisarchive("doctor")
    #expect(doctor.out.contains("ballast\twarning"), "\(doctor.out)")

    // Full again, to the last byte: a catalog that can take nothing more says so, and still answers.
    try disk.fill()
    #expect(disk.free() < 1 << 20)
    let full = try await archive.status()["catalog_troubles"] as? [[String: String]]
    #expect(full?.contains { $0["state"] == "full" } == true, "\(full ?? [])")

    disk.empty()
    try await done(archive)
    #expect(allocated(ballast) >= 4 << 20)
    #expect(archive.text("told").contains("org.iris.archive.disk-low"))
    #expect(try await daemon.stop() == 0)
    #expect(try await archive.irisarchive("verify").exit == 0)
    disk.unmount()
  }

  @Test func belowTheReserveOfARealDiskJobsWaitAndGoOn() async throws {
    var mounted: SmallDisk?
    let archive = try await TestArchive(
      ["disk": ["reserve": "12 MiB", "ballast": "2 MiB", "check_interval": "0.1 s"]], stem: "reserve",
      before: { mounted = try SmallDisk(at: $0, megabytes: 40) })
    let disk = try #require(mounted)
    try tellLowDisks(archive)
    let darks = try await Frames.darks(5)
    let daemon = try await Daemon(archive)
    try disk.fill(leaving: 8 << 20)
    try await Eventually.holds("it is low", every: 0.1, context: archive.summary) {
      try await low(archive).first?["state"] == "low"
    }
    for dark in darks { try archive.drop(dark) }
    try await recorded(archive, 5)
    try await queued(archive)
    #expect(allocated(archive.root + "/catalog/ballast") >= 2 << 20)
    disk.empty()
    try await done(archive)
    #expect(archive.text("told").split(separator: "\n").count == 1)
    #expect(try await daemon.stop() == 0)
    disk.unmount()
  }

  @Test func aJobThatDiesOfAFullDiskRunsAgainUncounted() async throws {
    var mounted: SmallDisk?
    let archive = try await TestArchive(
      [
        "disk": ["reserve": "1 MiB", "check_interval": "0.2 s"],
        "folders": ["products": "reduced/products", "work": "reduced/work"],
      ], stem: "products", before: { mounted = try SmallDisk(at: $0 + "/reduced", megabytes: 16) })
    let disk = try #require(mounted)
    // The disk runs full under the first job's feet.
    let greedy = archive.root + "/greedy-tmtrun"
    let script = """
      #!/bin/sh
      if [ "$1" = --job ] && [ ! -e "\(archive.root)/gate" ]; then
        : >"\(archive.root)/gate"
        head -c 100000000 /dev/zero >"\(disk.path)/filler" 2>/dev/null
      fi
      exec "\(Programs.tmtrun)" "$@"

      """
    try script.write(toFile: greedy, atomically: true, encoding: .utf8)
    chmod(greedy, 0o755)
    try archive.configure(["jobs": ["tmtrun": greedy, "attempts": "1"]])
    for dark in try await Frames.darks(5) { try archive.drop(dark) }
    let daemon = try await Daemon(archive)
    try await Eventually.holds("it waits for space", every: 0.1, context: archive.summary) {
      let job = try await archive.jobs().first
      guard job?.state == "queued", let reason = job?.reason else { return false }
      return reason.contains("uncounted, when there is space") && job?.attempts == 0
    }
    try await Eventually.holds("status tells it", every: 0.1, context: archive.summary) {
      try await low(archive).first?["name"]?.hasPrefix(disk.path) == true
    }
    disk.empty()
    try await done(archive)
    let job = try #require(try await archive.jobs().first)
    #expect(job.attempts == 1)
    let runs = try await archive.job(job.name).runs
    #expect(
      runs.count > 1 && runs.dropLast().allSatisfy { $0.state == "lost" } && runs.last?.state == "succeeded")
    #expect(try await daemon.stop() == 0)
    disk.unmount()
  }

  @Test func aBackupThatDoesNotFitLeavesNothing() async throws {
    let archive = try await TestArchive()
    let disk = try SmallDisk(at: Workspace.name("safe"), megabytes: 1)
    try disk.fill(leaving: 100_000)
    let run = try await archive.irisarchive("backup", "--to", disk.path + "/b")
    #expect(run.exit != 0 && run.talk.contains("error: "), "\(run.talk)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/b") == [])
    disk.unmount()
  }
}
