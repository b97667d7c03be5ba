import Archive
import FITSStructure
import Foundation
import Metadata
import Testing

@Suite struct FrameDescriberTests {
  private static let table = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "config/classification.yaml")

  private func fields(_ changes: [(String, String)], _ cards: [String]) throws -> [String: String] {
    var yaml = try String(contentsOf: Self.table, encoding: .utf8)
    for (old, new) in changes {
      #expect(yaml.contains(old))
      yaml = yaml.replacing(old, with: new)
    }
    let describer = FrameDescriber(
      classifier: try Classifier(yaml: yaml), night: NightName(turnoverSeconds: 79_200))
    let text = (["SIMPLE  =                    T"] + cards + ["END"])
      .map { $0.padding(toLength: 80, withPad: " ", startingAt: 0) }.joined()
    return describer.describe(headers: [HeaderText(text: text)]).description.fields
  }

  private static let adapter = """
    adapters:
      - name: NIRC2
        when: {INSTRUME: NIRC2}
        set: {DETECTOR: IMG1}
    """

  /// Aliases hold for every file: only an adapter says that a frame is another instrument's, which the rules then know
  /// under our name.
  @Test func onlyAnAdapterMakesAFrameForeign() throws {
    let aliases = [("aliases: {}", "aliases: {NCOADDS: [COADDS]}")]
    let ours = ["INSTRUME= 'IRIS    '", "DETECTOR= 'IMG1    '", "COADDS  =                    3"]
    let own = try fields(aliases, ours)
    #expect(own["adapted"] == nil && own["added"] == "yes" && own["coadds"] == "3")
    #expect(try fields([], ours)["added"] == nil)
    let theirs = try fields([("adapters: []", Self.adapter)], ["INSTRUME= 'NIRC2   '"])
    #expect(theirs["adapted"] == "yes" && theirs["added"] == "yes")
  }
}
