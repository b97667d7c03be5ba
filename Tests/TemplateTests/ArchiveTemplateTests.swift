import Foundation
import Template
import Testing

/// The root of this package's sources.
let packageRoot = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
  .deletingLastPathComponent()
  .deletingLastPathComponent()

@Suite final class ArchiveTemplateTests: Sendable {
  private let root = "/dev/shm/template-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }

  private func edit(_ path: String, _ text: String) throws {
    try text.write(toFile: root + "/" + path, atomically: true, encoding: .utf8)
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: root + "/" + path)[.posixPermissions] as? Int
  }

  /// Path -> action of the files, not of the folders.
  private func actions(_ laid: [LaidFile]) -> [String: LaidFile.Action] {
    Dictionary(uniqueKeysWithValues: laid.filter { !$0.path.hasSuffix("/") }.map { ($0.path, $0.action) })
  }

  private let small = ArchiveTemplate(files: [
    TemplateFile(path: "config/a.cfg", mode: "0644", text: "a = 1\n"),
    TemplateFile(path: "hooks/x.d/run.sample", mode: "0755", text: "#!/bin/sh\n"),
  ])
  private let newer = ArchiveTemplate(files: [
    TemplateFile(path: "config/a.cfg", mode: "0644", text: "a = 2\n"),
    TemplateFile(path: "hooks/x.d/run.sample", mode: "0755", text: "#!/bin/sh\nexit 0\n"),
  ])

  @Test func itIsInStepWithTheFolders() throws {
    let excluded = ["config/examples/"]
    var onDisk: [TemplateFile] = []
    for folder in ["config", "catalog", "hooks", "crds"] {
      let base = packageRoot.appendingPathComponent(folder).path
      for name in FileManager.default.enumerator(atPath: base)?.compactMap({ $0 as? String }) ?? [] {
        let path = folder + "/" + name
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: base + "/" + name, isDirectory: &isFolder)
        let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
        let isOther = [".fits", ".lock", "~"].contains { name.hasSuffix($0) } || name.contains(".sqlite")
        if isFolder.boolValue || isHidden || isOther || excluded.contains(where: path.hasPrefix) { continue }
        let isProgram = FileManager.default.isExecutableFile(atPath: base + "/" + name)
        onDisk.append(
          TemplateFile(
            path: path, mode: isProgram ? "0755" : "0644",
            text: try String(contentsOfFile: base + "/" + name, encoding: .utf8)))
      }
    }
    #expect(!onDisk.isEmpty)
    let carried = ArchiveTemplate.files
    let missing = onDisk.filter { !carried.contains($0) }.map(\.path)
    let surplus = carried.filter { !onDisk.contains($0) }.map(\.path)
    #expect(missing == [] && surplus == [], "run: make template")
  }

  @Test func itStaysSmall() throws {
    let json = packageRoot.appendingPathComponent("Sources/Template/template.json")
    #expect(try Data(contentsOf: json).count < 100_000)
  }

  @Test func layingCreatesFoldersAndFilesWithTheirModes() throws {
    let laid = try ArchiveTemplate.embedded.lay(at: root)
    #expect(laid.allSatisfy { $0.action == .created })
    #expect(actions(laid).keys.sorted() == ArchiveTemplate.files.map(\.path).sorted())
    for file in ArchiveTemplate.files {
      #expect(try text(file.path) == file.text)
      #expect(try mode(file.path) == file.permissions)
    }
    var isFolder: ObjCBool = false
    for folder in ArchiveTemplate.folders {
      #expect(FileManager.default.fileExists(atPath: root + "/" + folder, isDirectory: &isFolder))
      #expect(isFolder.boolValue)
    }
  }

  @Test func layingAgainChangesNothing() throws {
    try small.lay(at: root)
    #expect(try small.lay(at: root).allSatisfy { $0.action == .kept })
  }

  @Test func uneditedFilesFollowTheTemplateAndEditedOnesStay() throws {
    try small.lay(at: root)
    try edit("hooks/x.d/run.sample", "#!/bin/sh\nmine\n")
    let laid = actions(try newer.lay(at: root))
    #expect(laid == ["config/a.cfg": .updated, "hooks/x.d/run.sample": .newBeside])
    #expect(try text("config/a.cfg") == "a = 2\n")
    #expect(try text("hooks/x.d/run.sample") == "#!/bin/sh\nmine\n")
    #expect(try text("hooks/x.d/run.sample.new") == "#!/bin/sh\nexit 0\n")
    #expect(try mode("hooks/x.d/run.sample.new") == 0o644)  // else it would be a hook
  }

  @Test func anEditTowardsTheNewTextIsKept() throws {
    try small.lay(at: root)
    try edit("config/a.cfg", "a = 2\n")
    #expect(actions(try newer.lay(at: root))["config/a.cfg"] == .kept)
  }

  @Test func withoutTheRecordADifferingFileCountsAsEdited() throws {
    try small.lay(at: root)
    try FileManager.default.removeItem(atPath: root + "/" + ArchiveTemplate.recordPath)
    #expect(actions(try newer.lay(at: root))["config/a.cfg"] == .newBeside)
    #expect(try text("config/a.cfg") == "a = 1\n")
  }

  @Test func whatIsMissingComesBackAndLinksAreNotReplaced() throws {
    try small.lay(at: root)
    try FileManager.default.removeItem(atPath: root + "/config/a.cfg")
    #expect(actions(try small.lay(at: root))["config/a.cfg"] == .created)
    try FileManager.default.moveItem(atPath: root + "/config/a.cfg", toPath: root + "/config/elsewhere")
    try FileManager.default.createSymbolicLink(
      atPath: root + "/config/a.cfg", withDestinationPath: "elsewhere")
    #expect(actions(try newer.lay(at: root))["config/a.cfg"] == .newBeside)
    #expect(try text("config/elsewhere") == "a = 1\n")
  }

  @Test func thingsInTheWayAreNamed() throws {
    try FileManager.default.createDirectory(
      atPath: root + "/config/a.cfg", withIntermediateDirectories: true)
    #expect { try self.small.lay(at: self.root) } throws: {
      let error = $0 as? TemplateError
      return error?.code == "template-in-the-way" && error?.subject.hasSuffix("/config/a.cfg") == true
    }
  }
}
