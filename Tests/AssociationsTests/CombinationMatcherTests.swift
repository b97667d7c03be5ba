import Associations
import Glibc
import Testing

private let mosaicRule = """
  rule: imager-level3
  summary: mosaics
  pipeline: imager_level3
  combines:
    exptype: science
    select: { obsname: ["IMG?-SCI"], level: ["2"], kind: [cal] }
    equal: [program, observation, filter]
  sequence: { position: position, count: count }
  minimum: 2
  priority: 80
  """

@Suite struct CombinationMatcherTests {
  private let rule: AssociationRule
  private let matcher: CombinationMatcher

  init() throws {
    rule = try AssociationRule(yaml: mosaicRule, path: "imager-level3.yaml")
    matcher = try #require(CombinationMatcher(rule: rule))
  }

  /// A field of 8 arcsec on a side, `east` arcsec from the first.
  private func frame(
    _ id: Int64, east: Double? = 0, detector: String = "IMG1", position: Int? = nil, of count: Int? = nil,
    _ extra: [String: String] = [:]
  ) -> Exposure {
    var fields = [
      "obsname": "\(detector)-SCI", "level": "2", "kind": "cal", "detector": detector, "program": "P1",
      "observation": "1", "filter": "H", "position": position.map(String.init),
      "count": count.map(String.init),
    ].compactMapValues { $0 }
    if let east {
      let dec = -5.42
      fields["sky_ra"] = "\(83.84 + east / 3600 / cos(dec * .pi / 180))"
      fields["sky_dec"] = "\(dec)"
      fields["sky_radius"] = "\(4 * 2.0.squareRoot() / 3600)"
    }
    fields.merge(extra) { $1 }
    let start = Double(id) * 70
    return Exposure(id: id, name: "f\(id)", fields: fields, start: start, end: start + 60, arrivedAt: 0)
  }

  private func set(_ id: Int64, _ members: Exposure...) -> SequenceMatcher.FrameSet {
    .init(id: id, members: members)
  }

  @Test func aFieldThatTouchesJoinsAndAnotherDoesNot() {
    // Circles of 5.66 arcsec touch up to 11.3 arcsec apart.
    #expect(matcher.decide(frame(2, east: 11.2), among: [set(7, frame(1))]) == .join(7, absorbing: []))
    #expect(matcher.decide(frame(2, east: 11.4), among: [set(7, frame(1))]) == .open)
    #expect(matcher.difference(frame(1), frame(2, east: 60))?.criterion == "fields")
    #expect(
      matcher.difference(frame(1), frame(2, east: 60))?.detail
        == "60.0 arcsec apart, 48.7 more than fields that touch")
  }

  @Test func theConfigurationCounts() {
    let other = frame(2, ["filter": "J"])
    #expect(matcher.decide(other, among: [set(7, frame(1))]) == .open)
    #expect(matcher.difference(frame(1), other)?.criterion == "filter")
  }

  @Test func aBridgeJoinsTwoSetsToTheOlder() {
    let sets = [set(9, frame(2, east: 20)), set(7, frame(1))]
    #expect(matcher.decide(frame(3, east: 10), among: sets) == .join(7, absorbing: [9]))
  }

  @Test func withoutAPositionTheNameOfTheTargetDecidesAndABlankOneJoinsNothing() {
    let here = frame(1, ["object": "M42"])
    let named = frame(2, east: nil, ["object": "M42"])
    #expect(matcher.difference(here, named) == nil)
    #expect(matcher.difference(here, frame(2, east: nil, ["object": "M43"]))?.criterion == "fields")
    let blank = frame(3, east: nil, ["object": "  "])
    #expect(matcher.difference(blank, frame(4, east: nil, ["object": "  "]))?.criterion == "fields")
    #expect(matcher.difference(frame(5, east: nil), frame(6, east: nil))?.criterion == "fields")
    // The same name does not join fields that are known to lie apart.
    #expect(matcher.difference(here, frame(7, east: 60, ["object": "M42"]))?.criterion == "fields")
  }

  @Test func fieldsAcrossTheMeridianOfZeroTouch() {
    let one = SkyField(ra: 359.9995, dec: 0, radius: 0.0006)
    let other = SkyField(ra: 0.0005, dec: 0, radius: 0.0006)
    #expect(abs(one.distance(to: other) - 0.001) < 1e-12)
    #expect(one.touches(other))
    #expect(
      abs(SkyField(ra: 0, dec: 90, radius: 0).distance(to: .init(ra: 180, dec: 89, radius: 0)) - 1) < 1e-12)
  }

  @Test func everyDetectorThatDeliveredNeedsItsWholePattern() {
    var members = (1...5).map { frame(Int64($0), position: $0, of: 5) }
    #expect(matcher.isComplete(members))
    #expect(matcher.verdict(members) == .complete)
    members += (1...3).map { frame(Int64($0 + 10), detector: "IMG2", position: $0, of: 5) }
    #expect(!matcher.isComplete(members))
    #expect(matcher.verdict(members) == .degraded("IMG2 3/5 frames"))
    #expect(matcher.patterns(members).sentence == "IMG1 5/5 frames, IMG2 3/5 frames")
    #expect(matcher.patterns(members).declared == 10)
  }

  @Test func framesAtOnePositionCountByTheirNumber() {
    func repeated(_ id: Int64, _ position: Int, _ frame: Int) -> Exposure {
      self.frame(id, position: position, of: 2, ["frame": "\(frame)", "frames": "2"])
    }
    let members = [repeated(1, 1, 1), repeated(2, 1, 2), repeated(3, 2, 1)]
    #expect(matcher.verdict(members) == .degraded("IMG1 3/4 frames"))
    #expect(matcher.isComplete(members + [repeated(4, 2, 2)]))
  }

  /// Two exposures at a position whose headers do not say so.
  @Test func aPositionExposedTwiceIsNoNewPattern() {
    let members = [1, 2, 2, 3].enumerated().map { frame(Int64($0), position: $1, of: 4) }
    #expect(matcher.verdict(members) == .degraded("IMG1 3/4 frames"))
    #expect(!matcher.isComplete(members))
    #expect(matcher.isComplete(members + [frame(9, position: 4, of: 4)]))
    // At the first position it is a pattern that begins anew, as it is when the frames' numbers begin anew.
    let twice = [1, 1, 2].enumerated().map { frame(Int64($0), position: $1, of: 2) }
    #expect(matcher.verdict(twice) == .degraded("IMG1 1/2 frames"))
    let numbered = [(1, 1), (1, 2), (2, 1), (2, 1)].enumerated().map {
      frame(Int64($0), position: $1.0, of: 2, ["frame": "\($1.1)", "frames": "2"])
    }
    #expect(matcher.verdict(numbered) == .degraded("IMG1 3/4 frames; IMG1 1/4 frames"))
  }

  @Test func aPatternThatBeginsAnewEndsTheOneBefore() {
    let first = (1...3).map { frame(Int64($0), position: $0, of: 5) }
    let second = (1...5).map { frame(Int64($0 + 3), position: $0, of: 5) }
    #expect(!matcher.isComplete(first + second.dropLast()))
    #expect(matcher.isComplete(first + second))
    #expect(matcher.verdict(first + second) == .degraded("IMG1 3/5 frames"))
    // The order in which they are given does not count.
    #expect(matcher.verdict((first + second).reversed()) == .degraded("IMG1 3/5 frames"))
  }

  @Test func oneExposureTimeAfterTheOtherAtEachPositionAreTwoPatterns() {
    let members = (1...3).flatMap { position in
      [
        frame(Int64(2 * position), position: position, of: 3, ["exptime": "5"]),
        frame(Int64(2 * position + 1), position: position, of: 3, ["exptime": "60"]),
      ]
    }
    #expect(matcher.isComplete(members))
    #expect(matcher.verdict(members) == .complete)
    #expect(!matcher.isComplete(Array(members.dropLast())))
  }

  @Test func withoutADeclaredNumberNothingIsEverComplete() {
    let members = [frame(1), frame(2)]
    #expect(!matcher.isComplete(members))
    #expect(matcher.verdict(members) == .complete)
    #expect(matcher.verdict([frame(1)]) == .refused("1 of at least 2 frames for imager-level3"))
    #expect(matcher.patterns(members).sentence == "2 frames, no number is declared")
    #expect(!matcher.isDeclared(frame(1)) && matcher.isDeclared(frame(1, position: 1, of: 2)))
  }

  @Test func filesTogetherArePlannedByTheSameRule() {
    let frames = [
      frame(0, position: 1, of: 2), frame(1, east: 300, position: 1, of: 1),
      frame(2, east: 0.4, position: 2, of: 2), frame(3, ["level": "1"]),
    ]
    let plan = AssociationPlanner(rule: rule).plan(frames)
    #expect(plan.associations.map { $0.members.map(\.exposure.id) } == [[0, 2]])
    #expect(plan.associations.first?.degraded == nil)
    #expect(plan.leftovers.map { "\($0.exposure.id) \($0.criterion)" } == ["1 count", "3 level"])
  }

  @Test func anExplanationTellsHowFarAwayAFieldIs() {
    let rows = Explanation(
      of: frame(1), candidates: [frame(2, east: 5), frame(3, east: 60)],
      associator: Associator(rules: [rule])
    ).rows
    #expect(rows.map(\.accepted) == [true, true, false])
    #expect(rows.last?.criterion == "fields")
  }

  @Test func aRuleOfTwoShapesIsRefused() {
    let two = mosaicRule + "\ngathers: { exptype: dark, select: { obsname: [x] } }"
    #expect(throws: AssociationsError.self) { try AssociationRule(yaml: two, path: "two.yaml") }
  }

  @Test func aRuleMayLeaveStepsOut() throws {
    #expect(rule.skips == [])
    let some = try AssociationRule(yaml: mosaicRule + "\nskip: [skymatch, source_catalog]", path: "r.yaml")
    #expect(some.skips == ["skymatch", "source_catalog"])
  }
}
