import Associations
import JobContract
import Testing

private let darkRule = """
  rule: master-dark
  summary: darks
  pipeline: create_dark
  gathers:
    exptype: dark
    select: { obsname: ["*-DRK"], level: ["1"] }
    equal: [obsname, detector]
    within: { exptime: 0.01 }
  sequence: { position: position, count: count }
  minimum: 3
  good: 5
  serves: dark
  """

private func dark(
  _ id: Int64, position: Int? = nil, of count: Int? = nil, start: Double, exptime: Double = 10
) -> Exposure {
  var fields = ["obsname": "IMG1-DRK", "detector": "IMG1", "level": "1", "exptime": "\(exptime)"]
  fields["position"] = position.map(String.init)
  fields["count"] = count.map(String.init)
  return Exposure(
    id: id, name: "d\(id)", fields: fields, start: start, end: start + exptime, arrivedAt: start + exptime)
}

@Suite struct SequenceMatcherTests {
  let rule: AssociationRule
  let matcher: SequenceMatcher

  init() throws {
    rule = try AssociationRule(yaml: darkRule, path: "master-dark.yaml")
    matcher = try #require(SequenceMatcher(rule: rule))
  }

  @Test func framesOfOneSequenceJoin() {
    let set = SequenceMatcher.OpenSet(id: 7, members: [dark(1, position: 1, of: 5, start: 0)])
    #expect(matcher.decide(dark(2, position: 2, of: 5, start: 20), among: [set]) == .join(7))
  }

  @Test func aFrameThatArrivesOutOfOrderStillJoins() {
    let set = SequenceMatcher.OpenSet(id: 7, members: [dark(2, position: 2, of: 5, start: 20)])
    #expect(matcher.decide(dark(1, position: 1, of: 5, start: 0), among: [set]) == .join(7))
  }

  @Test func readsOfOneExposureShareTheirStartAndJoinInAnyOrder() {
    let set = SequenceMatcher.OpenSet(id: 7, members: [dark(2, position: 2, of: 5, start: 0)])
    #expect(matcher.decide(dark(1, position: 1, of: 5, start: 0), among: [set]) == .join(7))
    #expect(matcher.decide(dark(3, position: 3, of: 5, start: 0), among: [set]) == .join(7))
  }

  @Test func aRepeatedPositionStartsANewSequenceAndClosesTheOld() {
    let set = SequenceMatcher.OpenSet(
      id: 7, members: [dark(1, position: 1, of: 5, start: 0), dark(2, position: 2, of: 5, start: 20)])
    #expect(matcher.decide(dark(3, position: 1, of: 5, start: 100), among: [set]) == .open(closing: [7]))
  }

  @Test func anotherExposureTimeIsAnotherSet() {
    let set = SequenceMatcher.OpenSet(id: 7, members: [dark(1, start: 0)])
    let decision = matcher.decide(dark(2, start: 20, exptime: 10.05), among: [set])
    #expect(decision == .open(closing: []))
    #expect(matcher.decide(dark(3, start: 20, exptime: 10.01), among: [set]) == .join(7))
  }

  @Test func completenessFollowsTheDeclaredCount() {
    let five = (1...5).map { dark(Int64($0), position: $0, of: 5, start: Double($0) * 20) }
    #expect(matcher.isComplete(five))
    #expect(!matcher.isComplete(Array(five.dropLast())))
    #expect(!matcher.isComplete([dark(1, start: 0)]))
  }

  @Test func closingEarlyIsDegradedOrRefused() {
    let frames = (1...5).map { dark(Int64($0), position: $0, of: 5, start: Double($0) * 20) }
    #expect(matcher.verdict(frames) == .complete)
    #expect(matcher.verdict(Array(frames.prefix(4))) == .degraded("4/5 frames"))
    guard case .refused(let why) = matcher.verdict(Array(frames.prefix(2))) else {
      Issue.record("two darks make no master")
      return
    }
    #expect(why.contains("2 of at least 3"))
  }

  @Test func anUnknownKeyInARuleIsRefusedByName() {
    #expect {
      try AssociationRule(yaml: darkRule + "\nprioritty: 3\n", path: "x.yaml")
    } throws: { error in
      (error as? AssociationsError)?.code == "rule-unknown-key" && "\(error)".contains("prioritty")
    }
  }
}
