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
    let set = SequenceMatcher.FrameSet(id: 7, members: [dark(1, position: 1, of: 5, start: 0)])
    #expect(matcher.decide(dark(2, position: 2, of: 5, start: 20), among: [set]) == .join(7))
  }

  @Test func aFrameThatArrivesOutOfOrderStillJoins() {
    let set = SequenceMatcher.FrameSet(id: 7, members: [dark(2, position: 2, of: 5, start: 20)])
    #expect(matcher.decide(dark(1, position: 1, of: 5, start: 0), among: [set]) == .join(7))
  }

  @Test func readsOfOneExposureShareTheirStartAndJoinInAnyOrder() {
    let set = SequenceMatcher.FrameSet(id: 7, members: [dark(2, position: 2, of: 5, start: 0)])
    #expect(matcher.decide(dark(1, position: 1, of: 5, start: 0), among: [set]) == .join(7))
    #expect(matcher.decide(dark(3, position: 3, of: 5, start: 0), among: [set]) == .join(7))
  }

  @Test func aRepeatedPositionStartsANewSequenceAndClosesTheOld() {
    let set = SequenceMatcher.FrameSet(
      id: 7, members: [dark(1, position: 1, of: 5, start: 0), dark(2, position: 2, of: 5, start: 20)])
    #expect(matcher.decide(dark(3, position: 1, of: 5, start: 100), among: [set]) == .open(closing: [7]))
  }

  @Test func anotherExposureTimeIsAnotherSet() {
    let set = SequenceMatcher.FrameSet(id: 7, members: [dark(1, start: 0)])
    let decision = matcher.decide(dark(2, start: 20, exptime: 10.05), among: [set])
    #expect(decision == .open(closing: []))
    #expect(matcher.decide(dark(3, start: 20, exptime: 10.01), among: [set]) == .join(7))
  }

  private func closed(_ members: [Exposure]) -> SequenceMatcher.FrameSet {
    .init(id: 7, members: members, isOpen: false)
  }

  @Test func aLateFrameOfADeclaredSequenceReopensIt() {
    let three = closed((1...3).map { dark(Int64($0), position: $0, of: 5, start: Double($0) * 20) })
    let fourth = dark(4, position: 4, of: 5, start: 80)
    #expect(matcher.decide(fourth, among: [three], quietSeconds: 300) == .reopen(7))
    #expect(matcher.isDeclared(fourth) && !matcher.isDeclared(dark(4, start: 80)))
    let first = dark(1, position: 1, of: 5, start: 400)
    #expect(matcher.decide(first, among: [three], quietSeconds: 300) == .open(closing: []))
    let again = dark(9, position: 3, of: 5, start: 80)
    #expect(matcher.decide(again, among: [three], quietSeconds: 300) == .open(closing: []))
  }

  @Test func theSameSequenceOfAnotherNightIsNotReopened() {
    let three = closed((1...3).map { dark(Int64($0), position: $0, of: 5, start: Double($0) * 20) })
    let tomorrow = dark(4, position: 4, of: 5, start: 86_400)
    #expect(matcher.decide(tomorrow, among: [three], quietSeconds: 300) == .open(closing: []))
    // Lost frames between two positions stretch the window.
    let one = closed([dark(1, position: 1, of: 5, start: 0)])
    let fifth = dark(5, position: 5, of: 5, start: 1000)
    #expect(matcher.decide(fifth, among: [one], quietSeconds: 300) == .reopen(7))
    let second = dark(2, position: 2, of: 5, start: 1000)
    #expect(matcher.decide(second, among: [one], quietSeconds: 300) == .open(closing: []))
  }

  @Test func aLateFrameGoesBackToItsOwnSequenceNotToTheNext() {
    let old = closed((1...3).map { dark(Int64($0), position: $0, of: 5, start: Double($0) * 20) })
    let next = SequenceMatcher.FrameSet(id: 8, members: [dark(11, position: 1, of: 5, start: 200)])
    let fourth = dark(4, position: 4, of: 5, start: 80)
    #expect(matcher.decide(fourth, among: [old, next], quietSeconds: 300) == .reopen(7))
    let second = dark(12, position: 2, of: 5, start: 220)
    #expect(matcher.decide(second, among: [old, next], quietSeconds: 300) == .join(8))
  }

  @Test func aCompleteSetTakesOnlyAFurtherPosition() {
    let five = closed((1...5).map { dark(Int64($0), position: $0, of: 5, start: Double($0) * 20) })
    #expect(matcher.decide(dark(9, start: 120), among: [five], quietSeconds: 300) == .open(closing: []))
    let sixth = dark(6, position: 6, of: 5, start: 120)
    #expect(matcher.decide(sixth, among: [five], quietSeconds: 300) == .reopen(7))
  }

  @Test func anUndeclaredSetTakesALateFrameWithinTheQuiet() {
    let two = closed([dark(1, start: 0), dark(2, start: 20)])
    #expect(matcher.decide(dark(3, start: 329), among: [two], quietSeconds: 300) == .reopen(7))
    #expect(matcher.decide(dark(3, start: 331), among: [two], quietSeconds: 300) == .open(closing: []))
  }

  @Test func aRuleMayAskToRerunByItself() throws {
    #expect(!rule.reruns)
    #expect(try AssociationRule(yaml: darkRule + "\nrerun: true\n", path: "x.yaml").reruns)
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
