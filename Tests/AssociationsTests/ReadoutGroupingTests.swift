import Associations
import Testing

/// A readout whose reset is in seconds.
func readout(
  _ id: Int64, reset: Double?, ramp: Int = 0, read: Int, rampTime: Double? = 40, rawFrame: String? = nil,
  of count: Int? = nil
) -> Exposure {
  var fields = ["exposure": "IMG1/7", "ramp": "\(ramp)", "read": "\(read)", "kind": "readout"]
  fields["reset"] = reset.map { "\(Int64($0 * 1e6))" }
  fields["ramp_time"] = rampTime.map { "\($0)" }
  fields["raw_frame"] = rawFrame
  fields["reads_expected"] = count.map { "\($0)" }
  let start = (reset ?? 0) + 4 * Double(read)
  return Exposure(id: id, name: "r\(id)", fields: fields, start: start, end: start, arrivedAt: start)
}

@Suite struct ReadoutGroupingTests {
  private let grouping = ReadoutGrouping { max(300, 3 * $0 + 30) }

  private func ids(_ readouts: [Exposure]) -> [[Int64]] {
    grouping.exposures(readouts).map { $0.map(\.id) }
  }

  @Test func rampsOfOneExposureAreOneSetInAnyOrder() {
    let readouts = [
      readout(1, reset: 100, ramp: 0, read: 0), readout(2, reset: 100, ramp: 0, read: 1),
      readout(3, reset: 142, ramp: 1, read: 0), readout(4, reset: 142, ramp: 1, read: 1),
      readout(5, reset: 184, ramp: 2, read: 0),
    ]
    for turn in 0..<readouts.count {
      let order = readouts[turn...] + readouts[..<turn]
      #expect(ids(Array(order)) == [[1, 2, 3, 4, 5]])
      #expect(ids(order.reversed()) == [[1, 2, 3, 4, 5]])
    }
  }

  @Test func theSameNumberWithAnotherResetIsAnotherExposure() {
    #expect(ids([readout(1, reset: 100, read: 0), readout(2, reset: 130, read: 0)]) == [[1], [2]])
    // The second ramp follows the second first ramp, not the first.
    let three = [
      readout(1, reset: 100, read: 0), readout(2, reset: 260, read: 0),
      readout(3, reset: 302, ramp: 1, read: 0),
    ]
    #expect(ids(three) == [[1], [2, 3]])
    #expect(ids([three[2], three[0]]) == [[1, 3]], "as far as anybody can tell")
  }

  @Test func aRampThatComesTooLateForItsNumberIsAnotherExposure() {
    let first = readout(1, reset: 100, ramp: 0, read: 0)
    #expect(ids([first, readout(2, reset: 399, ramp: 1, read: 0)]) == [[1, 2]])
    #expect(ids([first, readout(2, reset: 401, ramp: 1, read: 0)]) == [[1], [2]])
    #expect(ids([first, readout(2, reset: 999, ramp: 3, read: 0)]) == [[1, 2]])
    let long = readout(2, reset: 3_000, ramp: 1, read: 0, rampTime: 1_000)
    #expect(ids([first, long]) == [[1, 2]], "a ramp of 1000 s lets wait")
  }

  @Test func rawFramesDecide() {
    let together = [
      readout(1, reset: 100, ramp: 0, read: 0, rawFrame: "9"),
      readout(2, reset: 4_000, ramp: 1, read: 0, rawFrame: "9"),
    ]
    #expect(ids(together) == [[1, 2]])
    let apart = [
      readout(1, reset: 100, ramp: 0, read: 0, rawFrame: "9"),
      readout(2, reset: 142, ramp: 1, read: 0, rawFrame: "10"),
    ]
    #expect(ids(apart) == [[1], [2]])
  }

  @Test func withoutResetsTheTimesOfTheReadsTell() {
    let readouts = (0..<4).map { readout(Int64($0), reset: nil, read: $0, rampTime: nil) }
    #expect(ids(readouts.reversed()) == [[0, 1, 2, 3]])
    var later = readout(9, reset: nil, read: 9, rampTime: nil)
    later.start = 1_000
    #expect(ids(readouts + [later]) == [[0, 1, 2, 3], [9]])
  }

  // MARK: arrivals

  private func set(_ id: Int64, _ members: [Exposure]) -> SequenceMatcher.FrameSet {
    .init(id: id, members: members)
  }

  @Test func aReadoutJoinsTheSetOfItsExposureOrOpensOne() {
    let member = readout(1, reset: 100, read: 0)
    let arrival = ReadoutArrival(
      [readout(2, reset: 142, ramp: 1, read: 0)], sets: [set(7, [member])], grouping: grouping)
    #expect(arrival.targets.map(\.association) == [7])
    #expect(arrival.targets[0].added == [2] && arrival.targets[0].members.map(\.id) == [1, 2])
    let other = ReadoutArrival(
      [readout(2, reset: 9_000, read: 0)], sets: [set(7, [member])], grouping: grouping)
    #expect(other.targets.map(\.association) == [7, nil])
    #expect(!other.targets[0].isChanged && other.targets[1].added == [2])
  }

  @Test func aSetHandsOverWhatTurnsOutToBelongElsewhere() {
    let mixed = set(
      7,
      [
        readout(1, reset: 100, read: 0), readout(2, reset: 100, read: 1),
        readout(3, reset: 302, ramp: 1, read: 0),
      ])
    let arrival = ReadoutArrival([readout(4, reset: 260, read: 0)], sets: [mixed], grouping: grouping)
    #expect(arrival.targets.map(\.association) == [7, nil])
    #expect(arrival.targets[0].removed == [3] && arrival.targets[0].added.isEmpty)
    #expect(arrival.targets[1].members.map(\.id) == [4, 3])
    #expect(arrival.emptied.isEmpty)
  }

  @Test func twoSetsThatARawFrameTiesTogetherBecomeOne() {
    let sets = [
      set(
        7, [readout(1, reset: 100, read: 0, rawFrame: "9"), readout(2, reset: 100, read: 1, rawFrame: "9")]),
      set(8, [readout(3, reset: 4_000, ramp: 1, read: 0, rawFrame: "9")]),
    ]
    let arrival = ReadoutArrival([], sets: sets, grouping: grouping)
    #expect(arrival.targets.map(\.association) == [7] && arrival.targets[0].added == [3])
    #expect(arrival.emptied == [8])
  }

  @Test func aSecondContentOfOneReadIsAConflict() {
    let member = readout(1, reset: 100, read: 0)
    let arrival = ReadoutArrival(
      [readout(2, reset: 100, read: 0)], sets: [set(7, [member])], grouping: grouping)
    #expect(arrival.conflicts.map(\.readout.id) == [2] && arrival.conflicts.map(\.other.id) == [1])
    #expect(arrival.targets.allSatisfy { !$0.isChanged })
  }

  // MARK: counts

  @Test(arguments: [0, 1])
  func readsAreCountedFromZeroOrFromOne(_ base: Int) {
    let all = (base..<base + 10).map { readout(Int64($0), reset: 100, read: $0, of: 10) }
    #expect(ReadoutCount(all).isComplete && ReadoutCount(all).gaps.isEmpty)
    let less = all.filter { $0.id != Int64(base + 4) }
    #expect(!ReadoutCount(less).isComplete)
    #expect(ReadoutCount(less).sentence == "9 of 10 reads are here, without read \(base + 4) of ramp 0")
    #expect(ReadoutCount(Array(all.dropLast())).sentence == "9 of 10 reads are here")
  }

  @Test func aRampLacksWhatAnotherHas() {
    let readouts = [
      readout(1, reset: 100, ramp: 0, read: 0), readout(2, reset: 100, ramp: 0, read: 1),
      readout(3, reset: 142, ramp: 1, read: 1),
    ]
    #expect(ReadoutCount(readouts).gapText == "read 0 of ramp 1")
    #expect(ReadoutCount(readouts).declared == nil && !ReadoutCount(readouts).isComplete)
  }
}
