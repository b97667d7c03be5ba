import Foundation
import Testing

/// The unit that `irisarchive init` lays down is one that systemd takes.
@Suite struct ServiceUnitTests {
  private static let unit = "config/systemd/irisarchive.service"

  /// A root that needs quoting everywhere.
  private func archive() async throws -> TestArchive { try await TestArchive(stem: "an archive 100%t of it") }

  private func values(_ archive: TestArchive, _ key: String) -> [String] {
    archive.text(Self.unit).split(separator: "\n").filter { $0.hasPrefix(key + "=") }.map {
      String($0.dropFirst(key.count + 1))
    }
  }

  @Test func itHasThePathsOfItsArchive() async throws {
    let archive = try await archive()
    let root = archive.root.replacingOccurrences(of: "%", with: "%%")
    #expect(values(archive, "ExecStart") == ["\"\(Programs.irisarchive)\" watch"])
    #expect(values(archive, "WorkingDirectory") == [root])
    #expect(values(archive, "Environment") == ["\"IRISARCHIVE_ROOT=\(root)\""])
    #expect(values(archive, "ReadWritePaths") == ["\"\(root)\""])
    #expect(values(archive, "Type") == ["notify"] && values(archive, "NotifyAccess") == ["main"])
    #expect(values(archive, "WatchdogSec") == ["5min"])
    #expect(values(archive, "ExecReload") == ["/bin/kill -HUP $MAINPID"])

    // Folders on another disk, once the settings name them; an unedited unit follows.
    let disk = Workspace.name("disk")
    try archive.configure(["folders": ["products": disk + "/products", "work": disk + "/work"]])
    #expect(try await archive.irisarchive("init", archive.root).exit == 0)
    #expect(
      values(archive, "ReadWritePaths") == ["\"\(root)\" \"\(disk)/products\" \"\(disk)/work\""])
    // The second disk must be there before it starts.
    #expect(values(archive, "RequiresMountsFor") == values(archive, "ReadWritePaths"))
  }

  @Test(.enabled(if: Programs.tool("systemd-analyze") != nil, "systemd-analyze is not installed"))
  func systemdFindsNothingWrongWithIt() async throws {
    let archive = try await archive()
    let tool = try #require(Programs.tool("systemd-analyze"))
    func verify() async throws -> CommandResult {
      try await Command.run(tool, ["verify", "--man=no", archive.root + "/" + Self.unit])
    }
    let good = try await verify()
    #expect(good.exit == 0 && good.talk == "" && good.out == "", "\(good.talk)")

    let text = archive.text(Self.unit).replacingOccurrences(of: "Type=notify", with: "Type=notified")
    try text.write(toFile: archive.root + "/" + Self.unit, atomically: true, encoding: .utf8)
    #expect(try await verify().talk.contains("notified"))
  }
}
