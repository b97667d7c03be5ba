import Foundation
import References
import Testing

/// Every entry of the tables made with the published clients.
@Suite struct GoldenTableTests {
  @Test(arguments: [true, false])
  func syntheticRules(mergingOverlaps: Bool) throws {
    let table = try GoldenRules.json("synthetic.json", as: SyntheticTable.self)
    let newer = try GoldenRules.json("plain_crds14_diff.json", as: ClientDifferences.self)
    var count = 0
    for (rmap, cases) in table.rmaps {
      let rules = try ReferenceRules(
        text: try GoldenRules.text("rules/\(rmap)"), name: rmap, mergesOverlapsByDefault: mergingOverlaps)
      for (name, golden) in cases {
        let change = newer.differencesFromFork.first { $0[0] == rmap && $0[1] == name }
        let answer = mergingOverlaps ? change?[3] ?? golden.result : golden.result
        let ours = rules.bestReference(header: golden.present)
        #expect(GoldenRules.verdict(ours) == GoldenRules.verdict(answer), "\(rmap) \(name): \(ours)")
        count += 1
      }
    }
    #expect(count == 103)
    #expect(newer.differencesFromFork.count == 9)
  }

  @Test func publishedRules() throws {
    let table = try GoldenRules.json("tmt_bestrefs.json", as: BestReferencesTable.self)
    let context = try RulesContext(cachePath: GoldenRules.cachePath, context: "tmt_0001.pmap")
    #expect(context.types == ["dark", "dflat", "drizpars", "flat", "mask", "nonlincoeff"])
    for (name, golden) in table.cases {
      for answers in [golden.getrecommendations, golden.bestReferences] {
        for type in context.types {
          let wanted = answers?["EXCEPTION"] == nil ? GoldenRules.verdict(answers?[type]) : "none"
          let ours = context.bestReference(type: type, header: golden.present)
          #expect(GoldenRules.verdict(ours) == wanted, "\(name) \(type): \(ours)")
        }
      }
    }
    #expect(table.cases.count == 31)
  }

  @Test func publishedMappingsOnlyDifferInTheirName() throws {
    let context = try RulesContext(cachePath: GoldenRules.cachePath, context: "tmt_0001.pmap")
    #expect(context.warnings == ["tmt_iris_0003.imap calls itself tmt_iris_0001.imap"])
    #expect(context.mappings.count == 7)
  }

  @Test func laterFilesFindTheFirstDetectorUnderItsOldName() throws {
    let context = try RulesContext(cachePath: GoldenRules.cachePath, context: "tmt_0001.pmap")
    let header = [
      "INSTRUME": "IRIS", "DETECTOR": "IMG1", "SUBARRAY": "FULL", "DATE-OBS": "2026-07-14T09:12:44.7",
    ]
    let wanted = LookupResult.found(
      file: "tmt_iris_dark_0001.fits", rmap: "tmt_iris_dark_0001.rmap", row: "('IRIS1', 'FULL')",
      useAfter: "1900-01-01 00:00:00")
    #expect(context.bestReference(type: "DARK", header: header) == wanted)
    var second = header
    second["DETECTOR"] = "IMG2"
    let result = context.bestReference(type: "dark", header: second)
    guard case .noMatch(let reason) = result else {
      Issue.record("expected no match: \(result)")
      return
    }
    #expect(
      reason == "tmt_iris_dark_0001.rmap has no row for META.INSTRUMENT.DETECTOR='IMG2', "
        + "META.SUBARRAY.NAME='FULL'; the nearest, ('IRIS1', 'FULL'), wants "
        + "META.INSTRUMENT.DETECTOR='IRIS1' instead of 'IMG2'")
  }
}
