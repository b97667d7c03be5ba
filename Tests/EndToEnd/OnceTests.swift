import CatalogStore
import Foundation
import Glibc
import Testing

/// `watch --once` leaves nothing out, and an archive without its rules takes nothing in.
@Suite struct OnceTests {
  @Test func aFileThatIsStillWrittenToIsWaitedFor() async throws {
    let archive = try await TestArchive()
    let path = try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    let writer = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    #expect(writer >= 0)
    try closeWhenItBegan(writer, archive)
    let result = try await archive.watchOnce()
    #expect(result.exit == 0, "\(result.talk)")
    #expect(try await archive.query().map(\.name) == ["a.fits"])
  }

  /// On a thread of its own: the tests beside this one may keep those of all tasks busy for longer than a writer is
  /// waited for.
  private func closeWhenItBegan(_ writer: Int32, _ archive: TestArchive) throws {
    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    let deadline = ContinuousClock.now + .seconds(120)
    Thread.detachNewThread {
      // It looks at the files as soon as it has said so.
      while (try? reader.fact("daemon"))?.contains("starting") != true, ContinuousClock.now < deadline {
        poll(nil, 0, 20)
      }
      close(writer)
    }
  }

  /// Whoever keeps a file open holds the others up for a while only, and it is said.
  @Test func aFileThatSomebodyKeepsOpenIsLeftOutAndTold() async throws {
    let archive = try await TestArchive()
    let darks = try await Frames.darks(2)
    let path = try archive.drop(darks[0], as: "a.fits")
    try archive.drop(darks[1], as: "b.fits")
    let writer = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    #expect(writer >= 0)
    let result = try await archive.watchOnce()
    #expect(result.exit == 0 && result.talk.contains("somebody writes to it"), "\(result.talk)")
    #expect(try await archive.query().map(\.name) == ["b.fits"])
    close(writer)
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.query().count == 2)
  }

  @Test func withoutAssociationRulesNothingIsTakenIn() async throws {
    let archive = try await TestArchive()
    try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    let folder = archive.root + "/config/associations"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      try FileManager.default.removeItem(atPath: folder + "/" + name)
    }
    let empty = try await archive.watchOnce()
    #expect(empty.exit == 78 && empty.talk.contains("no association rule"), "\(empty.talk)")
    try FileManager.default.removeItem(atPath: folder)
    let absent = try await archive.watchOnce()
    #expect(absent.exit == 78 && absent.talk.contains("cannot be read"), "\(absent.talk)")
    #expect(try await archive.query() == [])
  }

  @Test func aFolderThatIsNotThereHoldsTheDaemonUpNoMore() async throws {
    let archive = try await TestArchive()
    try FileManager.default.removeItem(atPath: archive.incoming)
    let daemon = try await Daemon(archive)
    try await Eventually.holds("it is told", every: 0.1, context: archive.summary) {
      try await archive.irisarchive("status").out.contains("the watched folder is not there")
    }
    try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    try await Eventually.holds("it came back", every: 0.1, context: archive.summary) {
      try await archive.query().map(\.name) == ["a.fits"]
    }
    #expect(try await daemon.stop() == 0)
  }
}
