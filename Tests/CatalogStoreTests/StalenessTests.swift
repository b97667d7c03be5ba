import CatalogStore
import Testing

@Suite struct StalenessTests {
  private let fixture: CatalogFixture
  private let raw: Int64
  private let rate: Int64
  private let cal: Int64

  init() throws {
    fixture = try CatalogFixture()
    raw = try fixture.record(fixture.frame("a.fits", 1))
    rate = try fixture.reduce(
      "one", pipeline: "readout", members: [(raw, 1, "science")],
      product: fixture.frame("a_rate.fits", 2, state: "current"), kind: "rate")
    cal = try fixture.reduce(
      "two", pipeline: "imager_level2", members: [(rate, 2, "science")],
      product: fixture.frame("a_cal.fits", 3, state: "current"), kind: "cal")
  }

  private func verdict(_ quality: FrameVerdict.Quality) -> FrameVerdict {
    FrameVerdict(quality: quality, reason: "looked at it", user: "ana")
  }

  /// What the review of a new dark came to.
  private func review(stale: [(frame: Int64, reason: String)] = [], restored: [Int64] = []) throws {
    let dark = ReferenceRecord(
      file: "tmt_iris_dark_0001.fits", type: "dark", frameID: nil, sha256: CatalogFixture.sha(99), epoch: 0,
      rowKey: "k", context: "tmt_0002.pmap", state: "inserted", reason: nil)
    var found = ReviewedProducts()
    (found.stale, found.restored) = (stale, restored)
    try fixture.writer.record(found, of: dark, cursor: cal, at: 150)
  }

  private func state(_ frame: Int64) throws -> String? { try fixture.reader.frame(id: frame)?.state }

  @Test func goodAgainMakesProductsCurrentAndAssociatesTheFrame() throws {
    _ = try fixture.writer.flag(frame: raw, verdict(.bad), at: 200)
    #expect(try fixture.reader.staleProducts().map(\.product.id) == [rate, cal])
    #expect(try fixture.reader.staleProducts().map(\.cause) == ["quality", "quality"])
    #expect(try fixture.reader.unassociated(limit: 9).contains { $0.id == raw } == false)
    _ = try fixture.writer.flag(frame: raw, verdict(.good), at: 201)
    #expect(try fixture.reader.staleProducts() == [])
    for product in [rate, cal] {
      #expect(try state(product) == "current" && fixture.reader.frame(id: product)?.reason == nil)
    }
    #expect(try fixture.reader.unassociated(limit: 9).contains { $0.id == raw })
  }

  @Test func aProductWithTwoCausesStaysStaleUntilBothAreGone() throws {
    try review(stale: [(cal, "the rules now choose x for dark")])
    _ = try fixture.writer.flag(frame: raw, verdict(.bad), at: 200)
    let reason = try #require(try fixture.reader.frame(id: cal)?.reason)
    #expect(reason.contains("x for dark; made of a.fits, flagged BAD"))
    _ = try fixture.writer.flag(frame: raw, verdict(.unknown), at: 201)
    #expect(try state(cal) == "stale" && fixture.reader.frame(id: cal)?.reason?.contains("flagged") == false)
    try review(restored: [cal])
    #expect(try state(cal) == "current")
  }

  /// A frame that is stale for a verdict becomes so for its calibration, too: that cause is also of what was made of it,
  /// and stays when the verdict is taken back.
  @Test func aSecondCauseIsPassedOnAndOutlivesTheFirst() throws {
    _ = try fixture.writer.flag(frame: raw, verdict(.bad), at: 200)
    try review(stale: [(rate, "the rules now choose x for dark")])
    _ = try fixture.writer.flag(frame: raw, verdict(.good), at: 201)
    #expect(try state(rate) == "stale" && state(cal) == "stale")
    let reason = try #require(try fixture.reader.frame(id: cal)?.reason)
    #expect(reason == "made of a_rate.fits, which is stale: the rules now choose x for dark")
    try review(restored: [rate])
    #expect(try state(rate) == "current" && state(cal) == "current")
    #expect(try fixture.reader.staleProducts() == [])
  }

  /// A verdict names all that was made of the frame by itself, and takes all of it back.
  @Test func aVerdictIsNotPassedOnTwice() throws {
    try review(stale: [(rate, "the rules now choose x for dark")])
    _ = try fixture.writer.flag(frame: raw, verdict(.bad), at: 200)
    let causes = try fixture.reader.staleProducts().filter { $0.product.id == cal }.map(\.cause)
    #expect(causes.sorted() == ["input", "quality"])
    _ = try fixture.writer.flag(frame: raw, verdict(.good), at: 201)
    try review(restored: [rate])
    #expect(try fixture.reader.staleProducts() == [])
  }

  /// The run of the fixture had a step dark_current, and no parameters from the rules.
  @Test func productsMadeWithDefaultsAreThereForTheFirstParameters() throws {
    let uses = try fixture.reader.currentProductUses(
      type: "pars-dark_current", detector: nil, interval: -1e12...1e12)
    #expect(Set(uses.map(\.frame)) == [rate, cal] && uses.allSatisfy { $0.origin == "defaults" })
    for type in ["pars-flat_field", "dark_current", "dark"] {
      #expect(
        try fixture.reader.currentProductUses(type: type, detector: nil, interval: -1e12...1e12) == [])
    }
  }

  @Test func stalenessIsToldOnceForEachProduct() throws {
    _ = try fixture.writer.flag(frame: raw, verdict(.bad), at: 200)
    _ = try fixture.writer.flag(frame: raw, verdict(.bad), at: 201)
    _ = try fixture.writer.dispatchEvents(listeners: {
      ["product-stale": [.init(hook: "/h", refusal: nil)]]
    })
    #expect(try fixture.writer.deliveries().map(\.subject) == ["a_rate.fits", "a_cal.fits"])
  }

  @Test func aVerdictAsksForAnotherLookAtTheAssociations() throws {
    _ = try fixture.writer.flag(frame: rate, verdict(.bad), at: 200)
    #expect(try fixture.reader.associationsToRecheck().map(\.name) == ["two"])
  }

  @Test func aNewVersionEndsStaleness() throws {
    try review(stale: [(cal, "why")])
    let next = try fixture.reduce(
      "two", pipeline: "imager_level2", members: [(rate, 2, "science")],
      product: fixture.frame("a_cal_v02.fits", 4, state: "current"), kind: "cal", version: 2)
    #expect(try state(cal) == "superseded" && fixture.reader.staleProducts() == [])
    #expect(try fixture.reader.olderVersions(of: next) == [cal])
    #expect(try fixture.reader.madeOf(frame: raw, sha256: nil).map(\.product.id) == [rate, next])
  }

  @Test func aRequestThatWouldRepeatADoneJobMakesItsProductCurrent() throws {
    try review(stale: [(cal, "why")])
    let two = try #require(try fixture.reader.association(named: "two"))
    try fixture.writer.ask([
      .init(associationID: two.id, priority: 40, forced: false, reason: "stale", askedAt: 300)
    ])
    #expect(try fixture.reader.unsettledAssociations().map(\.name) == ["two"])
    let key = try #require(try fixture.reader.makingJob(association: two.id)?.key)
    let again = try fixture.writer.queue(
      .init(association: two.id, pipeline: "imager_level2", key: key, priority: 40, spec: "{}"), at: 301)
    #expect(try again == nil && state(cal) == "current")
    #expect(try fixture.reader.request(association: two.id) == nil)
    let notice = try #require(try fixture.reader.status(now: 302).notices.first)
    #expect(notice.subject == "two" && notice.sentence.contains("would repeat J"))
  }

  @Test func requestsOfEarlierRulesGoFirst() throws {
    let (one, two) = (
      try #require(try fixture.reader.association(named: "one")),
      try #require(try fixture.reader.association(named: "two"))
    )
    let early = ReprocessRequest(
      associationID: one.id, priority: 5, forced: false, reason: "stale", askedAt: 300)
    let late = ReprocessRequest(
      associationID: two.id, priority: 40, forced: false, reason: "stale", askedAt: 300)
    try fixture.writer.markAssociated([raw, rate, cal], at: 100)
    try fixture.writer.ask([early, late])
    #expect(try fixture.reader.isBusyBefore(late) && !fixture.reader.isBusyBefore(early))
    let name = try #require(
      try fixture.writer.queue(
        .init(
          association: one.id, pipeline: "readout", key: CatalogFixture.sha(77),
          priority: 5 + ReprocessRequest.priorityOffset, spec: "{}"), at: 301))
    #expect(try fixture.reader.isBusyBefore(late))
    #expect(try fixture.writer.cancel(job: name, by: "ana", at: 302) == .done)
    #expect(try !fixture.reader.isBusyBefore(late))
  }

  /// One that waits for a person would keep all later ones waiting for good.
  @Test func aRequestThatWaitsForAPersonHoldsNoOther() throws {
    let (one, two) = (
      try #require(try fixture.reader.association(named: "one")),
      try #require(try fixture.reader.association(named: "two"))
    )
    let late = ReprocessRequest(
      associationID: two.id, priority: 40, forced: false, reason: "stale", askedAt: 300)
    try fixture.writer.markAssociated([raw, rate, cal], at: 100)
    try fixture.writer.ask([
      .init(associationID: one.id, priority: 5, forced: true, reason: "stale", askedAt: 300), late,
    ])
    #expect(try fixture.reader.requestedAssociations().map(\.name) == ["one", "two"])
    #expect(try fixture.reader.isBusyBefore(late) && fixture.reader.isBusyBefore(late, except: [two.id]))
    #expect(try !fixture.reader.isBusyBefore(late, except: [one.id, two.id]))
    // It stays, to be done when the person has.
    #expect(try fixture.reader.request(association: one.id)?.forced == true)
  }
}

@Suite struct LateTests {
  @Test func aLateFramesSetsAreFoundByTimeAndBucket() throws {
    let fixture = try CatalogFixture()
    for index in 1...3 {
      let id = try fixture.record(
        fixture.frame("d\(index).fits", index) {
          $0.dateObs = Double(index) * 1000
          $0.dateEnd = Double(index) * 1000 + 10
        })
      try fixture.close("a\(index)", bucket: index == 3 ? "other" : "b", of: id, exptype: "dark")
    }
    func found(_ interval: ClosedRange<Double>, until begin: Double = .infinity) throws -> [String] {
      try fixture.reader.pastAssociations(
        rule: "r", bucket: "b", endingIn: interval, beginningUntil: begin
      ).map(\.name)
    }
    #expect(try found(0...5000) == ["a2", "a1"])
    #expect(try found(1500...5000) == ["a2"])
    #expect(try found(0...5000, until: 1500) == ["a1"])
    #expect(try found(1011...2009) == [])
  }

  @Test func aNewVersionTakesThePlaceOfTheOldAmongMembers() throws {
    let fixture = try CatalogFixture()
    let (old, new) = (
      try fixture.record(fixture.frame("a.fits", 1)), try fixture.record(fixture.frame("b.fits", 2))
    )
    try fixture.writer.apply(
      .init(actions: [
        .open(
          name: "a", rule: "r", pipeline: "p", bucket: "b", members: [NewMember(frame: old, exptype: "dark")],
          update: AssociationUpdate(state: "closed", settled: true))
      ]), frame: nil, at: 1)
    let id = try #require(try fixture.reader.association(named: "a")?.id)
    #expect(try fixture.reader.unsettledAssociations() == [])
    try fixture.writer.apply(
      .init(actions: [.replace(association: id, old: old, new: new)]), frame: new, at: 2)
    #expect(try fixture.reader.members(ofAssociation: id).map(\.frame.id) == [new])
    #expect(try fixture.reader.unsettledAssociations().map(\.name) == ["a"])
  }

  /// For their afterimages: whether they were reduced is told, and counts for nothing here.
  @Test func exposuresBeforeAreFoundWithTheirAssociations() throws {
    let fixture = try CatalogFixture()
    let ramps = try (1...3).map { index in
      let id = try fixture.record(
        fixture.frame("r\(index).fits", index) {
          $0.dateObs = Double(index) * 100
          $0.dateEnd = Double(index) * 100 + 10
        })
      try fixture.close("ramp\(index)", pipeline: "readout", bucket: "\(index)", of: id)
      return id
    }
    func before(
      _ begin: Double, since end: Double = 0, _ detector: String = "IMG1", except: Int64 = 0,
      rules: [String] = ["r"]
    ) throws -> [String] {
      try fixture.reader.unreducedExposures(
        of: detector, endingIn: end...begin, rules: rules, except: except, exposure: nil
      ).map { $0.name + ($0.isMade ? " made" : "") }
    }
    #expect(try before(300) == ["ramp2", "ramp1"] && before(310) == ["ramp3", "ramp2", "ramp1"])
    #expect(try before(300, since: 210) == ["ramp2"] && before(300, since: 211) == [] && before(100) == [])
    #expect(try before(300, since: 0, "IMG2") == [] && before(300, rules: []) == [])
    let second = try #require(try fixture.reader.association(named: "ramp2"))
    #expect(try before(300, except: second.id) == ["ramp1"])
    _ = try fixture.reduce(
      "ramp2", pipeline: "readout", members: [(ramps[1], 2, "science")],
      product: fixture.frame("r2_rate.fits", 12, state: "current"), kind: "rate")
    #expect(try before(300) == ["ramp2 made", "ramp1"])
    // In no association of these rules: by its own name, unless it is of the same exposure.
    let held = fixture.frame("r4.fits", 4, state: "held", reason: "a test") {
      ($0.kind, $0.level, $0.dateObs, $0.detectorExposure) = ("readout", 0, 250, "IMG1/7")
    }
    try fixture.record(held)
    #expect(try before(300) == ["r4.fits", "ramp2 made", "ramp1"])
    #expect(
      try fixture.reader.unreducedExposures(
        of: "IMG1", endingIn: 0...300, rules: ["r"], except: 0, exposure: "IMG1/7"
      ).map(\.name) == ["ramp2", "ramp1"])
  }

  @Test func nothingIsOnItsWayOfNoRules() throws {
    let fixture = try CatalogFixture()
    try fixture.close("a", of: fixture.record(fixture.frame("a.fits", 1)))
    #expect(try fixture.reader.pending(rules: ["r"]).map(\.association.name) == ["a"])
    #expect(try fixture.reader.pending(rules: []).isEmpty)
  }
}
