import Foundation
import References
import Testing

/// Names of contexts, checksums and differences, on the published rules and on caches of our own.
@Suite struct ContextTests {
  private func publishedCopy() throws -> TemporaryCache {
    try TemporaryCache(from: GoldenRules.folder.appending(path: "cache"))
  }

  @Test func namesThatMeanAContext() throws {
    let cache = try publishedCopy()
    let pmap = try cache.text("tmt_0001.pmap")
    for name in ["tmt_0002.pmap", "tmt_0010.pmap", "tmt_10000.pmap"] { try cache.write(pmap, as: name) }
    let place = RulesCache(path: cache.path)
    for word in [nil, "", "latest", "tmt-latest", "LATEST"] {
      #expect(try place.contextName(word) == "tmt_10000.pmap")
    }
    #expect(try place.contextName("tmt-operational") == "tmt_10000.pmap", "nothing was written down")
    try FileManager.default.createDirectory(
      atPath: "\(cache.path)/config/tmt", withIntermediateDirectories: true)
    let config =
      "{'connected': True, 'edit_context': 'tmt_0009.pmap', 'operational_context': 'tmt_0002.pmap'}"
    try Data(config.utf8).write(to: URL(filePath: "\(cache.path)/config/tmt/server_config"))
    #expect(try place.contextName("operational") == "tmt_0002.pmap")
    #expect(try place.contextName("edit") == "tmt_10000.pmap", "it names one that is not there")
    #expect(try place.contextName("tmt_0010.pmap") == "tmt_0010.pmap")
  }

  @Test func namesThatMeanNone() throws {
    let cache = try publishedCopy()
    let place = RulesCache(path: cache.path)
    func error(_ word: String?) -> ReferencesError? {
      #expect(throws: ReferencesError.self) { try place.contextName(word) }
    }
    let imap = error("tmt_iris_0003.imap")
    #expect(imap?.code == "context-name")
    #expect(imap?.hint == "it belongs to tmt_0001.pmap")
    #expect(error("tmt_iris_dark_0001.rmap")?.hint == "it belongs to tmt_0001.pmap")
    #expect(error("tmt_0007.pmap")?.code == "mapping-missing")
    #expect(error("../tmt_0001.pmap")?.code == "context-name")
    try FileManager.default.removeItem(atPath: "\(cache.path)/mappings/tmt/tmt_0001.pmap")
    #expect(error(nil)?.code == "context-name")
  }

  @Test func contextsAreListedWithTheirFaults() throws {
    let cache = try TemporaryCache()
    try cache.addReference("tmt_iris_mask_0001.fits")
    _ = try cache.inserter.insert(
      file: "tmt_iris_mask_0001.fits", type: "mask", matchValues: ["IMG1"], useAfter: "2026-01-01 00:00:00",
      into: "tmt_0001.pmap")
    let pmap = try cache.text("tmt_0001.pmap")
    try cache.write(pmap.replacing("tmt_iris_0001.imap", with: "tmt_iris_0009.imap"), as: "tmt_0003.pmap")
    let contexts = try RulesCache(path: cache.path).contexts()
    #expect(contexts.map(\.name) == ["tmt_0001.pmap", "tmt_0002.pmap", "tmt_0003.pmap"])
    #expect(contexts.map(\.derivedFrom) == [nil, "tmt_0001.pmap", nil])
    #expect(contexts.map(\.mappings.count) == [12, 12, 0])
    #expect(contexts[2].problem?.contains("tmt_iris_0009.imap") == true)
  }

  @Test func differencesByTypeRowAndDate() throws {
    let cache = try TemporaryCache()
    for number in 1...3 { try cache.addReference("tmt_iris_mask_000\(number).fits") }
    func insert(_ number: Int, _ detector: String, _ date: String, into context: String) throws -> String {
      try cache.inserter.insert(
        file: "tmt_iris_mask_000\(number).fits", type: "mask", matchValues: [detector], useAfter: date,
        into: context)
    }
    let first = try insert(1, "IMG1", "2026-01-01 00:00:00", into: "tmt_0001.pmap")
    let second = try insert(2, "IMG1", "2026-01-01 00:00:00", into: first)
    let third = try insert(3, "IMG2", "2026-02-01 00:00:00", into: second)
    func context(_ name: String) throws -> RulesContext {
      try RulesContext(cachePath: cache.path, context: name)
    }
    let changes = try context(first).changes(to: try context(third))
    #expect(
      changes == [
        RuleChange(
          type: "mask", kind: .replaced, row: "('IMG1',)", useAfter: "2026-01-01 00:00:00",
          old: "tmt_iris_mask_0001.fits", new: "tmt_iris_mask_0002.fits"),
        RuleChange(
          type: "mask", kind: .added, row: "('IMG2',)", useAfter: "2026-02-01 00:00:00", old: nil,
          new: "tmt_iris_mask_0003.fits"),
      ])
    #expect(try context(third).changes(to: try context(first)).map(\.kind) == [.replaced, .removed])
    #expect(try context(first).changes(to: try context(first)).isEmpty)
    #expect(try context(first).typesThatDiffer(from: try context(third)) == ["mask"])
    let published = try RulesContext(cachePath: GoldenRules.cachePath, context: "tmt_0001.pmap")
    let types = Set(try context(first).changes(to: published).map(\.type))
    #expect(
      types == [
        "bias", "dark", "dflat", "distortion", "drizpars", "flat", "gain", "mask", "nonlincoeff", "photom",
        "readnoise", "saturation",
      ])
  }
}

/// sha1sums, checked and written.
@Suite struct ChecksumTests {
  @Test func everyMappingOfTheProjectAndThePublishedOnesAreValid() throws {
    for path in [TemporaryCache.projectRules.path(percentEncoded: false), GoldenRules.cachePath] {
      let paths = try RulesCache(path: path).mappingPaths()
      #expect(paths.count >= 5)
      for mapping in paths { #expect(try MappingChecksum(path: mapping).state == .valid, "\(mapping)") }
    }
  }

  @Test func writingKeepsEveryOtherCharacter() throws {
    let cache = try TemporaryCache()
    let name = "tmt_iris_mask_0001.rmap"
    let path = "\(cache.path)/mappings/tmt/\(name)"
    let valid = try cache.text(name)
    let edited = "# by hand\n" + valid.replacing("bad-pixel masks", with: "masks — of one detector")
    try cache.write(edited, as: name)
    #expect(try MappingChecksum(path: path).state == .wrong)
    #expect(try MappingChecksum.update(path: path).state == .wrong)
    let after = try MappingChecksum(path: path)
    #expect(after.state == .valid)
    func without(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter { !$0.contains("sha1sum") }
    }
    #expect(without(try cache.text(name)) == without(edited))
    #expect(try MappingChecksum.update(path: path).state == .valid, "nothing is left to do")
  }

  @Test func aMissingOneIsAdded() throws {
    let cache = try TemporaryCache()
    let name = "tmt_0001.pmap"
    let path = "\(cache.path)/mappings/tmt/\(name)"
    let lines = try cache.text(name).split(separator: "\n", omittingEmptySubsequences: false)
    try cache.write(lines.filter { !$0.contains("sha1sum") }.joined(separator: "\n"), as: name)
    #expect(try MappingChecksum(path: path).state == .missing)
    #expect(try MappingChecksum.update(path: path).state == .missing)
    #expect(try MappingChecksum(path: path).state == .valid)
  }

  @Test func oneLineHeadersAreRefused() throws {
    let cache = try TemporaryCache()
    let name = "tmt_0009.pmap"
    let text = "header = {'mapping' : 'PIPELINE', 'sha1sum' : 'x'}; \nselector = {}"
    try cache.write(text.replacing("; ", with: ""), as: name)
    let path = "\(cache.path)/mappings/tmt/\(name)"
    // All of the header is in the line that is left out, so any text is valid: there is nothing to protect.
    #expect(try MappingChecksum.update(path: path).state == .wrong)
    #expect(try MappingChecksum(path: path).state == .valid)
    #expect(throws: ReferencesError.self) { try MappingChecksum.update(path: path + ".absent") }
  }
}
