import Archive
import Foundation
import Testing

@Suite final class ConfigurationDigestTests {
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "digest-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
  }

  // A fresh hasher each time: the same size and the same second must not hide a change here.
  private var digest: String? { ConfigurationDigest(hasher: FileHasher()).sha256(of: folder + "/a.cfg") }

  /// sha256 of "abc" (FIPS 180-2).
  @Test func aCfgAloneIsItsOwnContent() throws {
    try write("a.cfg", "abc")
    #expect(digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(ConfigurationDigest(hasher: FileHasher()).sha256(of: folder + "/none.cfg") == nil)
  }

  @Test func whatItNamesBelongsToIt() throws {
    try write("a.cfg", "class = imager_level2\n[steps]\n[[flat_field]]\nconfig_file = b.cfg\n")
    try write("b.cfg", "skip = False\npost_hooks = hook,\n")
    try write("hook", "#!/bin/sh\n")
    let first = digest
    #expect(digest == first)
    try write("b.cfg", "skip = True\npost_hooks = hook,\n")
    let second = digest
    #expect(second != first)
    try write("hook", "#!/bin/sh\nexit 1\n")
    let third = digest
    #expect(third != second)
    try FileManager.default.removeItem(atPath: folder + "/hook")
    #expect(digest != third)
  }

  @Test func aReferenceThatItNamesBelongsToItAndALinkIsItsFile() throws {
    try write("real.cfg", "[steps]\n[[flat_field]]\noverride_flat = flat.fits\noverride_dark = None\n")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/a.cfg", withDestinationPath: folder + "/real.cfg")
    try write("flat.fits", "one")
    let first = try #require(digest)
    try write("flat.fits", "two")
    let second = try #require(digest)
    #expect(second != first)
    try write("real.cfg", "[steps]\n[[flat_field]]\noverride_flat = flat.fits\n")
    #expect(digest != second)
  }

  @Test func aCycleEnds() throws {
    try write("a.cfg", "config_file = b.cfg\n")
    try write("b.cfg", "config_file = a.cfg\n")
    #expect(digest != nil)
  }
}
