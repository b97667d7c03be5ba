import DataModels
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// A full frame with two subarrays read inside it: taken out, reduced, put back.
@Suite struct MergeSubarraysTests {
  private static let windows = [
    PixelWindow(x0: 1, y0: 0, width: 3, height: 2), PixelWindow(x0: 5, y0: 2, width: 3, height: 2),
  ]

  private static func cards(_ window: PixelWindow, id: Int) -> [Card] {
    [
      Card("SUBARRAY", "CUSTOM"), Card("SUBARRID", id), Card("SUBSTRT1", window.x0 + 1),
      Card("SUBSTRT2", window.y0 + 1), Card("SUBSIZE1", window.width), Card("SUBSIZE2", window.height),
    ]
  }

  private func full(_ bench: Bench, map: Bool = true, ids: [Int] = [1, 2], cards: [Card] = []) throws
    -> String
  {
    try bench.frame("full.fits", value: 10, cards: [Card("SUBARRID", 0)] + cards) { model in
      model.quality?[0, 3] = DQ.warm
      guard map else { return }
      var plane = Plane<UInt16>(width: 8, height: 4, repeating: 0)
      for (id, window) in zip(ids, Self.windows) {
        for y in 0..<window.height {
          for x in 0..<window.width { plane[window.x0 + x, window.y0 + y] = UInt16(id) }
        }
      }
      model.subarrayMap = plane
    }
  }

  private func part(
    _ bench: Bench, _ index: Int, id: Int? = nil, cards: [Card] = [], name: String? = nil
  ) throws -> String {
    let window = Self.windows[index]
    return try bench.frame(
      name ?? "sub\(index + 1).fits", value: Float(100 * (index + 1)), error: 2, width: window.width,
      height: window.height, cards: Self.cards(window, id: id ?? index + 1) + cards
    ) { $0.quality?[0, 0] = DQ.lowQe }
  }

  @Test func takenOutReducedAndPutBack() throws {
    let bench = try Bench()
    let members = [try full(bench), try part(bench, 0), try part(bench, 1)]
    let dark = try bench.frame("dark.fits", value: 4, error: 0)
    for (index, path) in members.enumerated() {
      let report = try bench.run(
        .imagerLevel2, [(path, .science)], references: [Bench.reference("dark", dark)], skip: ["flat_field"],
        product: "p\(index).fits")
      #expect(report.steps.first?.name == "parse_subarray_map")
      #expect(report.steps.first?.status == (index == 0 ? .complete : .skipped))
    }
    let holed = try bench.product("p0.fits")
    #expect(holed.science[2, 1].isNaN && holed.science[0, 0] == 6)
    #expect((holed.quality?[2, 1] ?? 0) & DQ.nonScience != 0)
    #expect(holed.header.integer("NSUBARR") == 2)
    #expect(holed.header.string("SUBARR02") == "[6:8,3:4]")
    #expect(holed.header.string("S_PARSSA") == "COMPLETE")
    let reduced = [2, 0, 1].map { ("\(bench.path)/out/p\($0).fits", MemberType.science) }
    let report = try bench.run(.mergeSubarrays, reduced, product: "merged.fits")
    #expect(report.status == .succeeded && report.degraded == [])
    let merged = try bench.product("merged.fits")
    #expect(merged.header.string("S_MERGSA") == "COMPLETE")
    #expect(merged.header.integer("SUBARRID") == 0)
    #expect(merged.subarrayMap == nil)
    for y in 0..<4 {
      for x in 0..<8 {
        let owner = Self.windows.firstIndex { $0.contains(PixelWindow(x0: x, y0: y, width: 1, height: 1)) }
        #expect(merged.science[x, y] == (owner.map { Float(100 * ($0 + 1)) } ?? 10) - 4)
        #expect(merged.error?[x, y] == (owner == nil ? 1 : 2))
        #expect(
          (merged.quality?[x, y] ?? 0) & (DQ.nonScience | DQ.doNotUse | DQ.unreliableError) == 0)
      }
    }
    #expect((merged.quality?[1, 0] ?? 0) & DQ.lowQe != 0 && (merged.quality?[0, 3] ?? 0) & DQ.warm != 0)
    // Reduced again, nothing is taken out a second time.
    let again = try bench.run(
      .imagerLevel2, [("\(bench.path)/out/merged.fits", .science)], skip: ["flat_field"],
      product: "again.fits")
    #expect(again.status == .succeeded)
    #expect(try bench.product("again.fits").science.elements == merged.science.elements)
  }

  @Test func associationsOfTheDocumentsNameThem() throws {
    let bench = try Bench()
    _ = (try full(bench), try part(bench, 0), try part(bench, 1))
    let association = """
      {"asn_rule": "Asn_Lv3Subarrays", "asn_pool": "pool", "asn_type": "subarrays", "products": [
        {"name": "together", "members": [
          {"expname": "sub1.fits", "exptype": "science"}, {"expname": "full.fits", "exptype": "science"},
          {"expname": "sub2.fits", "exptype": "science"}]}]}
      """
    try association.write(toFile: bench.path + "/asn.json", atomically: true, encoding: .utf8)
    for name in ["merge_subarrays", "liger_iris_pipeline.merge_subarrays.merge_subarrays.MergeSubarraysStep"]
    {
      let reports = try HandRunner(
        configuration: PipelineCatalog.registry.configuration(for: name), inputs: [bench.path + "/asn.json"],
        outputDirectory: bench.path + "/out", cache: nil, services: Bench.services
      ).run()
      #expect(reports.map(\.status) == [.succeeded])
    }
    #expect(try bench.product("together_cal.fits").science[2, 1] == 100)
  }

  @Test func withoutAMapTheWindowIsReplaced() throws {
    let bench = try Bench()
    let report = try bench.run(
      .mergeSubarrays, [(try full(bench, map: false), .science), (try part(bench, 1), .science)])
    #expect(report.status == .succeeded && report.degraded == [])
    let merged = try bench.product()
    #expect(merged.science[5, 2] == 200 && merged.science[4, 2] == 10)
  }

  @Test func missingSubarraysDegradeOrAreRefused() throws {
    let bench = try Bench()
    let members = [(try full(bench), MemberType.science), (try part(bench, 0), .science)]
    let some = try bench.run(.mergeSubarrays, members)
    #expect(some.degraded == ["no member is subarray 2 of full.fits: its pixels stay NaN"])
    #expect(try bench.product().subarrayMap?[6, 3] == 2)
    let all = try bench.run(
      .mergeSubarrays, members, settings: ["merge_subarrays.require_all": "True"], product: "all.fits")
    #expect(all.error?.code == "subarray-missing" && all.exitCode == 65)
  }

  @Test func whatDoesNotBelongTogetherIsRefused() throws {
    let bench = try Bench()
    let whole = try full(bench)
    let first = try part(bench, 0)
    func code(_ paths: [String], _ name: String) throws -> String? {
      let report = try bench.run(.mergeSubarrays, paths.map { ($0, .science) }, product: "\(name).fits")
      #expect(report.exitCode == 65)
      return report.error?.code
    }
    #expect(try code([first], "a") == "no-full-frame")
    let copy = bench.path + "/copy.fits"
    try FileManager.default.copyItem(atPath: whole, toPath: copy)
    #expect(try code([whole, copy, first], "b") == "two-full-frames")
    let twin = bench.path + "/twin.fits"
    try FileManager.default.copyItem(atPath: first, toPath: twin)
    #expect(try code([whole, first, twin], "c") == "two-subarrays")
    #expect(
      try code([whole, try part(bench, 1, cards: [Card("S_DARK", "COMPLETE")], name: "done.fits")], "d")
        == "mixed-frames")
    #expect(try code([whole, try part(bench, 1, id: 3, name: "third.fits")], "e") == "subarray-window")
    let other = try bench.run(
      .mergeSubarrays, [(whole, .science), (try part(bench, 1, id: 1, name: "first.fits"), .science)],
      product: "f.fits")
    #expect(other.error?.message.contains("[6:8,3:4]") == true)
    #expect(other.error?.message.contains("[2:4,1:2]") == true)
    let outside = try bench.frame(
      "out.fits", value: 1, width: 3, height: 2,
      cards: Self.cards(PixelWindow(x0: 7, y0: 0, width: 3, height: 2), id: 1))
    let report = try bench.run(.mergeSubarrays, [(whole, .science), (outside, .science)], product: "g.fits")
    #expect(report.error?.message.contains("[8:10,1:2]") == true)
    #expect(report.error?.message.contains("[1:8,1:4]") == true)
  }

  @Test func aFullFrameAloneStaysAsItIs() throws {
    let bench = try Bench()
    let report = try bench.run(.mergeSubarrays, [(try full(bench), .science)])
    #expect(report.steps.map(\.status) == [.skipped])
    #expect(try bench.product().header.string("S_MERGSA") == "SKIPPED")
  }

  @Test func upstreamNamesFindTheSteps() throws {
    for name in ["parse_subarrays", "liger_iris_pipeline.parse_subarray_map.ParseSubarrayMapStep"] {
      guard case .step(let step) = try PipelineCatalog.registry.target(named: name) else {
        Issue.record("\(name) is no step")
        continue
      }
      #expect(step.declaration.name == "parse_subarray_map")
    }
  }
}
