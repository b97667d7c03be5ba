import DataModels
import FITSIO
import FITSStructure
import Pixels
import Testing

@Suite struct ReadoutTests {
  /// One readout of 3 x 2 pixels whose value is 1000 ramp + 10 read + pixel.
  func readout(
    _ scratch: Scratch, ramp: Int, read: Int, detector: String = "IMG1", complete: Bool = true,
    suffix: String = ""
  ) throws -> String {
    let reset = 5_000_000_000_000_000 + 40_000_000 * ramp
    let cards = [
      Card("DET_ID", detector), Card("EXP_NO", 7), Card("RAMP_NO", ramp), Card("READ_NO", read),
      Card("RST_TIME", reset), Card("READTIME", reset + 720_000 + 4_000_000 * read),
      Card("COMPLETE", complete),
      Card("SAMPMODE", "UTR"), Card("NUMREADS", 3), Card("NUMRAMPS", 2),
    ]
    return try scratch.write("r\(ramp)_\(read)\(suffix).fits", primary: cards) {
      try $0.image("SCI", [3, 2], (0..<6).map { UInt16(1000 * ramp + 10 * read + $0) })
    }
  }

  private func all(_ scratch: Scratch) throws -> [String] {
    try [0, 1].flatMap { ramp in try [0, 1, 2].map { try readout(scratch, ramp: ramp, read: $0) } }
  }

  @Test func `readouts in any order make the ramps of their exposure`() throws {
    let scratch = try Scratch()
    let model = try RampSource(readouts: try all(scratch).reversed())
    let band = try model.band(0..<2)
    let ramp = band.samples
    #expect(try model.band(1..<2) == band.cropped(to: 1..<2))
    let part = PixelWindow(x0: 1, y0: 0, width: 1, height: 2)
    #expect(try model.band(in: part) == band.cropped(to: part))
    #expect(model.shape == RampShape(integrations: 2, reads: 3, height: 2, width: 3))
    #expect(ramp[1, 2, 2, 1] == 1025 && ramp[0, 1, 0, 0] == 10)
    #expect(model.timesOrigin == "READTIME-RST_TIME")
    #expect(model.times == [[0.72, 4.72, 8.72], [0.72, 4.72, 8.72]])
    #expect(band.groupQuality.elements.allSatisfy { $0 == 0 } && model.missingReads.isEmpty)
    #expect(model.header["READ_NO"] == nil && model.header.integer("EXP_NO") == 7)
    #expect(model.header.integer("NGROUPS") == 3 && model.header.integer("NINTS") == 2)
  }

  @Test func `missing and incomplete reads are flagged and told`() throws {
    let scratch = try Scratch()
    var paths = try all(scratch)
    paths.remove(at: 4)
    paths[0] = try readout(scratch, ramp: 0, read: 0, complete: false, suffix: "x")
    let model = try RampSource(readouts: paths)
    let flags = try model.band(0..<2).groupQuality
    #expect(flags[1, 1, 0, 0] == 1 && flags[0, 0, 2, 1] == 1 && flags[0, 1, 0, 0] == 0)
    #expect(model.times?[1] == [0.72, 4.72, 8.72])
    #expect(model.missingReads == ["read 0 of ramp 0 is incomplete", "read 1 of ramp 1 is missing"])
    let other = try Scratch()
    let few = try RampSource(readouts: Array(try all(other).prefix(2)))
    #expect(few.missingReads == ["2 of 3 reads per ramp are there", "1 of 2 ramps are there"])
  }

  /// Reads 0, 1 and 3 of one ramp without READTIME.
  private func untimed(_ scratch: Scratch, _ cards: [Card]) throws -> [String] {
    try [0, 1, 3].map { read in
      let own = [Card("DET_ID", "IMG1"), Card("EXP_NO", 7), Card("RAMP_NO", 0), Card("READ_NO", read)]
      return try scratch.write("u\(read).fits", primary: own + cards) {
        try $0.image("SCI", [3, 2], [UInt16](repeating: 0, count: 6))
      }
    }
  }

  @Test(arguments: ["TGROUP", "TFRAME", "read_spacing"])
  func `times of numbered reads keep the gap of a missing read`(_ origin: String) throws {
    let cards = origin == "read_spacing" ? [] : [Card(origin, 4.0)]
    let scratch = try Scratch()
    let paths = try untimed(scratch, cards)
    let model = try RampSource(readouts: paths, readSpacing: 4)
    #expect(model.times == [[4, 8, 16]])
    #expect(model.timesOrigin == origin)
  }

  @Test func `reads in two groups are not equally spaced`() throws {
    let scratch = try Scratch()
    let model = try RampSource(
      readouts: try untimed(scratch, [Card("TGROUP", 4.0), Card("SAMPMODE", "MCDS")]))
    #expect(model.times == nil && model.timesOrigin == "none")
  }

  @Test func `readouts that do not belong together are refused`() throws {
    let scratch = try Scratch()
    let first = try readout(scratch, ramp: 0, read: 0)
    let other = try readout(scratch, ramp: 0, read: 1, detector: "IMG2")
    let again = try readout(scratch, ramp: 0, read: 0, suffix: "again")
    let bare = try scratch.write("bare.fits") {
      try $0.image("SCI", [3, 2], [UInt16](repeating: 0, count: 6))
    }
    #expect(
      #expect(throws: ModelError.self) { try RampSource(readouts: [first, other]) }?.code == "mixed-readouts")
    #expect(
      #expect(throws: ModelError.self) { try RampSource(readouts: [first, again]) }?.code == "duplicate-read")
    #expect(#expect(throws: ModelError.self) { try RampSource(readouts: [bare]) }?.code == "not-a-readout")
    #expect(#expect(throws: ModelError.self) { try RampSource(readouts: []) }?.code == "no-readouts")
  }
}
