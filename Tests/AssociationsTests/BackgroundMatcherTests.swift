import Associations
import JobContract
import Testing

private let scienceRule = """
  rule: imager-level2
  summary: science with sky
  pipeline: imager_level2
  anchors:
    exptype: science
    select: { obsname: ["IMG?-SCI"] }
  backgrounds:
    exptype: background
    select: { obsname: ["IMG?-SKY"] }
    equal: [detector, filter]
    within: { exptime: 0.01 }
    prefer: [observation]
    windows: [600, 3600]
  """

private func frame(
  _ id: Int64, _ obsname: String, start: Double, filter: String = "K", sequence: String = "s1",
  count: Int? = nil,
  observation: String = "o1"
) -> Exposure {
  var fields = [
    "obsname": obsname, "detector": "IMG1", "filter": filter, "exptime": "10", "sequence": sequence,
    "observation": observation,
  ]
  fields["count"] = count.map(String.init)
  return Exposure(
    id: id, name: "f\(id)", fields: fields, start: start, end: start + 10, arrivedAt: start + 10)
}

@Suite struct BackgroundMatcherTests {
  let matcher: BackgroundMatcher
  let associator: Associator

  init() throws {
    let rule = try AssociationRule(yaml: scienceRule, path: "r.yaml")
    guard case .anchors(_, let backgrounds?) = rule.shape else { throw RuleShape() }
    matcher = BackgroundMatcher(backgrounds: backgrounds)
    associator = Associator(rules: [rule])
  }
  struct RuleShape: Error {}

  @Test func theNearestCompleteSetWins() {
    let science = frame(1, "IMG1-SCI", start: 1000)
    let near = [2, 3].map { frame($0, "IMG1-SKY", start: 900 + Double($0) * 15, sequence: "a", count: 2) }
    let far = [4, 5].map { frame($0, "IMG1-SKY", start: 500 + Double($0) * 15, sequence: "b", count: 2) }
    let choice = matcher.choose(for: science, among: far + near)
    #expect(choice.members.map(\.id) == [2, 3])
    #expect(choice.isComplete && choice.level == 0)
  }

  @Test func anIncompleteSetServesForTheMoment() {
    let science = frame(1, "IMG1-SCI", start: 1000)
    let choice = matcher.choose(
      for: science, among: [frame(2, "IMG1-SKY", start: 980, count: 3)])
    #expect(choice.members.count == 1 && !choice.isComplete)
    #expect(choice.reason?.contains("1 of 3") == true)
  }

  @Test func theSecondWindowIsALowerLevel() {
    let science = frame(1, "IMG1-SCI", start: 10_000)
    let choice = matcher.choose(for: science, among: [frame(2, "IMG1-SKY", start: 8_000)])
    #expect(choice.level == 1)
    #expect(matcher.choose(for: science, among: [frame(2, "IMG1-SKY", start: 1_000)]).members.isEmpty)
  }

  @Test func theSameObservationIsPreferredToANearerStranger() {
    let science = frame(1, "IMG1-SCI", start: 1000)
    let own = frame(2, "IMG1-SKY", start: 700, sequence: "a")
    let stranger = frame(3, "IMG1-SKY", start: 985, sequence: "b", observation: "o2")
    #expect(matcher.choose(for: science, among: [stranger, own]).members.map(\.id) == [2])
  }

  @Test func aSetIsTakenWholeThoughItsFirstFramesLieOutsideTheWindow() {
    let science = frame(1, "IMG1-SCI", start: 1000)
    let skies = [(2, 100.0), (3, 450), (4, 900)].map { frame($0.0, "IMG1-SKY", start: $0.1, count: 3) }
    let choice = matcher.choose(for: science, among: skies)
    #expect(choice.members.map(\.id) == [2, 3, 4] && choice.isComplete && choice.level == 0)
  }

  @Test func setsOfTwoObservationsAreNotOneThoughTheirSequenceIsCalledAlike() {
    let science = frame(1, "IMG1-SCI", start: 1000, observation: "o2")
    let others = [2, 3].map { frame($0, "IMG1-SKY", start: 800 + Double($0) * 20, count: 2) }
    let own = frame(4, "IMG1-SKY", start: 950, count: 2, observation: "o2")
    let choice = matcher.choose(for: science, among: others + [own])
    #expect(choice.members.map(\.id) == [4] && !choice.isComplete)
  }

  @Test func explanationsNameTheFirstCriterionAndByHowMuch() {
    let science = frame(1, "IMG1-SCI", start: 1000)
    let rows = Explanation(
      of: science,
      candidates: [
        frame(2, "IMG1-SKY", start: 980, filter: "H"), frame(3, "IMG1-SKY", start: 8000),
        frame(4, "IMG1-SKY", start: 980),
      ], associator: associator
    ).rows
    let byName = Dictionary(uniqueKeysWithValues: rows.map { ($0.candidate, $0) })
    #expect(byName["f2"]?.criterion == "filter")
    #expect(byName["f3"]?.criterion == "time")
    #expect(byName["f3"]?.detail.contains("beyond 3600 s") == true)
    #expect(byName["f4"]?.accepted == true)
  }
}

@Suite struct GlobTests {
  @Test(arguments: [
    ("IMG1-SCI", "IMG?-SCI", true), ("IMG12-SCI", "IMG?-SCI", false), ("LEN-SCI", "LEN-*", true),
    ("", "*", true), ("a", "", false), ("abcabc", "*abc", true), ("[x]", "[x]", true), ("x", "[x]", false),
  ])
  func matches(_ text: String, _ pattern: String, _ expected: Bool) {
    #expect(Glob.matches(text, pattern: pattern) == expected)
  }

  @Test func manyStarsAreLinear() {
    let text = String(repeating: "a", count: 20_000)
    #expect(!Glob.matches(text, pattern: String(repeating: "*a", count: 50) + "b"))
  }
}
