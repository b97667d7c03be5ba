import DataModels
import Pixels
import Testing

@Suite struct LiveReadoutTests {
  private let made = ReadoutTests()

  /// Arrivals of the given files, then silence: nil stands for a wait that was too long.
  private func arrivals(_ paths: [String?]) -> LiveReadouts.Arrivals {
    var rest = paths[...]
    return { rest.popFirst() ?? nil }
  }

  /// What is taken, as 10 x ramp + read.
  private func order(_ live: LiveReadouts) throws -> [Int] {
    var taken: [Int] = []
    while let next = try live.next() {
      taken.append(10 * next.ramp + next.read)
      #expect(next.band.samples[0, 0, 2, 1] == Float(1000 * next.ramp + 10 * next.read + 5))
      #expect(next.seconds.map { abs($0 - (0.72 + 4 * Double(next.read))) < 1e-6 } == true)
    }
    return taken
  }

  @Test(arguments: [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2], [1, 0, 2, 4, 3, 5]])
  func readsAreTakenInTheOrderOfTheirNumbers(arrival: [Int]) throws {
    let scratch = try Scratch()
    let paths = try (0..<6).map { try made.readout(scratch, ramp: $0 / 3, read: $0 % 3) }
    let live = try LiveReadouts(arrivals: arrivals(arrival.map { paths[$0] }))
    #expect(live.first == paths[arrival[0]])
    #expect(try order(live) == [0, 1, 2, 10, 11, 12])
    let (header, missing, files) = try live.finished()
    #expect(missing.isEmpty && files == paths)
    #expect(header.integer("NGROUPS") == 3 && header.integer("NINTS") == 2 && header["READ_NO"] == nil)
    #expect(RampSource(live: live).shape == RampShape(integrations: 2, reads: 3, height: 2, width: 3))
    #expect(
      #expect(throws: ModelError.self) { try RampSource(live: live).band(0..<2) }?.code == "reads-outstanding"
    )
  }

  /// Read 1 of ramp 0 never comes, another comes too late for its place, one is incomplete.
  @Test func whatNeverComesIsLeftOutAndTold() throws {
    let scratch = try Scratch()
    let paths = try [0, 2, 10, 12].map { try made.readout(scratch, ramp: $0 / 10, read: $0 % 10) }
    let incomplete = try made.readout(scratch, ramp: 1, read: 1, complete: false)
    let late = try made.readout(scratch, ramp: 0, read: 1)
    let live = try LiveReadouts(
      arrivals: arrivals([paths[0], paths[1], paths[2], incomplete, paths[3], nil, late]))
    #expect(try order(live) == [0, 2, 10, 12])
    #expect(
      try live.finished().missing == [
        "read 1 of ramp 1 is incomplete", "read 1 of ramp 0 is missing",
      ])
  }

  @Test func otherExposuresAndOtherFilesArePassedOver() throws {
    let scratch = try Scratch()
    let other = try made.readout(scratch, ramp: 0, read: 0, detector: "IMG2", suffix: "o")
    let bare = try scratch.write("bare.fits") {
      try $0.image("SCI", [3, 2], [UInt16](repeating: 0, count: 6))
    }
    let paths = try (0..<6).map { try made.readout(scratch, ramp: $0 / 3, read: $0 % 3) }
    let again = try made.readout(scratch, ramp: 0, read: 0, suffix: "again")
    let live = try LiveReadouts(
      isWanted: { detector, number in detector == "IMG1" && number == 7 },
      arrivals: arrivals([bare, other, paths[0], again, bare] + Array(paths.dropFirst())))
    #expect(try order(live) == [0, 1, 2, 10, 11, 12])
    #expect(try live.finished().files == paths)
  }

  @Test func aFolderWithoutReadoutsIsTold() {
    let error = #expect(throws: ModelError.self) { try LiveReadouts(arrivals: { nil }) }
    #expect(error?.code == "no-readouts")
  }
}
