import Associations
import Glibc
import JobContract
import Testing

private let scienceRule = """
  rule: imager-level2
  summary: science and sky
  pipeline: imager_level2
  anchors:
    exptype: science
    select: { obsname: ["IMG?-SCI"], level: ["1"] }
  backgrounds:
    exptype: background
    select: { obsname: ["IMG?-SKY"], level: ["1"] }
    equal: [detector, filter]
    within: { exptime: 0.01 }
    windows: [600, 3600]
  """

@Suite struct AssociationPlannerTests {
  private func frame(
    _ id: Int64, _ obsname: String, start: Double, exptime: Double = 10, _ extra: [String: String] = [:]
  ) -> Exposure {
    let fields = [
      "obsname": obsname, "detector": "IMG1", "filter": "H", "level": "1", "exptime": "\(exptime)",
    ].merging(extra) { $1 }
    return Exposure(
      id: id, name: "f\(id)", fields: fields, start: start, end: start + exptime, arrivedAt: 0)
  }

  private func plan(_ exposures: [Exposure], _ yaml: String = scienceRule) throws -> AssociationPlanner.Plan {
    AssociationPlanner(rule: try AssociationRule(yaml: yaml, path: "rule.yaml")).plan(exposures)
  }

  @Test func everyScienceFrameTakesTheNearestSky() throws {
    let plan = try plan([
      frame(0, "IMG1-SKY", start: 0, ["observation": "1"]), frame(1, "IMG1-SCI", start: 100),
      frame(2, "IMG1-SCI", start: 900), frame(3, "IMG1-SKY", start: 1000, ["observation": "2"]),
    ])
    #expect(plan.associations.map { $0.members.map(\.exposure.id) } == [[1, 0], [2, 3]])
    #expect(plan.associations[0].members.map(\.exptype) == [.science, .background])
    #expect(plan.associations.allSatisfy { $0.degraded == nil })
    #expect(plan.leftovers == [])
  }

  @Test func whatDoesNotFitIsNamedWithItsFirstCriterion() throws {
    let plan = try plan([
      frame(0, "IMG1-SCI", start: 0), frame(1, "IMG1-SKY", start: 50, ["filter": "J"]),
      frame(2, "IMG1-SKY", start: 50, exptime: 20), frame(3, "IMG1-SKY", start: 9000),
      frame(4, "IMG1-NFF", start: 0), frame(5, "IMG1-SKY", start: 50, ["aborted": "yes"]),
      frame(6, "IMG1-SKY", start: 50, ["joins": "no"]),
    ])
    #expect(plan.associations.map { $0.members.map(\.exposure.id) } == [[0]])
    #expect(plan.associations[0].degraded == "no sky: the nearest sky is more than 3600 s away")
    #expect(
      plan.leftovers.map { "\($0.exposure.id) \($0.criterion)" }
        == ["1 filter", "2 exptime", "3 time", "4 obsname", "5 aborted", "6 joins"])
  }

  @Test func aSecondVersionOfAnExposureIsLeftOut() throws {
    let plan = try plan([
      frame(0, "IMG1-SCI", start: 0, ["exposure": "IMG1/1/0"]),
      frame(1, "IMG1-SCI", start: 0, ["exposure": "IMG1/1/0"]),
    ])
    #expect(plan.associations.count == 1)
    #expect(plan.leftovers.map(\.detail) == ["another version of f0"])
  }

  @Test func setsCloseWhenTheyAreCompleteAndFewAreRefused() throws {
    let rule = """
      rule: master-dark
      summary: darks
      pipeline: create_dark
      gathers: { exptype: dark, select: { obsname: ["*-DRK"] }, equal: [detector] }
      sequence: { position: position, count: count }
      minimum: 3
      good: 5
      serves: dark
      """
    func dark(_ id: Int64, _ position: Int, of count: Int) -> Exposure {
      frame(id, "IMG1-DRK", start: Double(id) * 20, ["position": "\(position)", "count": "\(count)"])
    }
    let sets = (0..<3).map { dark(Int64($0), $0 + 1, of: 3) } + (3..<7).map { dark(Int64($0), $0 - 2, of: 5) }
    let plan = try plan(sets + [dark(7, 1, of: 5)], rule)
    #expect(plan.associations.map(\.members.count) == [3, 4])
    #expect(plan.associations.map(\.degraded) == ["3 frames, 5 are good", "4/5 frames"])
    #expect(plan.leftovers.map { "\($0.exposure.id) \($0.criterion)" } == ["7 count"])
  }

  /// Buckets keep it linear: a thousand of each in well under a second.
  @Test func aThousandOfEachArePlanned() throws {
    let frames = (0..<1000).flatMap { index in
      let filter = ["filter": "F\(index / 10)", "observation": "\(index)"]
      let start = Double(index) * 100
      return [
        frame(Int64(2 * index), "IMG1-SCI", start: start, filter),
        frame(Int64(2 * index + 1), "IMG1-SKY", start: start + 30, filter),
      ]
    }
    var plan: AssociationPlanner.Plan?
    let time = try processorSeconds { plan = try self.plan(frames) }
    #expect(plan?.associations.count == 1000)
    #expect(plan?.associations.allSatisfy { $0.members.count == 2 } == true)
    #expect(time < 1, "\(time) s")
  }

  /// Processor time of this thread while `work` runs, seconds: other tests on the same cores do not count.
  private func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    try work()
    return now() - start
  }
}

/// Exposures delivered as one file per readout.
@Suite struct ReadoutPlanTests {
  private func planner() throws -> AssociationPlanner {
    let yaml = """
      rule: level1-readouts
      summary: readouts
      pipeline: readout
      gathers:
        exptype: readout
        select: { kind: [readout] }
        equal: [exposure]
      sequence: { position: read, count: reads_expected }
      minimum: 2
      good: 2
      promote: true
      """
    let rule = try AssociationRule(yaml: yaml, path: "level1-readouts.yaml")
    #expect(rule.gathersReadouts && rule.promotes)
    return AssociationPlanner(rule: rule)
  }

  @Test func readoutsAreSortedByTheirResets() throws {
    let readouts = [
      readout(1, reset: 100, ramp: 0, read: 0, of: 4), readout(2, reset: 142, ramp: 1, read: 0, of: 4),
      readout(3, reset: 100, ramp: 0, read: 1, of: 4), readout(4, reset: 142, ramp: 1, read: 1, of: 4),
      readout(5, reset: 5_000, ramp: 0, read: 0, of: 4), readout(6, reset: 5_000, ramp: 0, read: 1, of: 4),
      readout(7, reset: 9_000, ramp: 0, read: 0, of: 4), readout(8, reset: 100, ramp: 0, read: 0, of: 4),
    ]
    let plan = try planner().plan(readouts.reversed())
    #expect(plan.associations.map { $0.members.map(\.exposure.id) } == [[1, 3, 2, 4], [5, 6]])
    #expect(plan.associations.map(\.degraded) == [nil, "2/4 frames"])
    #expect(Set(plan.leftovers.map(\.exposure.id)) == [7, 8])
    #expect(plan.leftovers.first { $0.exposure.id == 8 }?.detail == "the same read as r1")
  }
}
