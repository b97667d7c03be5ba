import DataModels
import FITSIO
import FITSStructure
import Testing

@Suite struct ReadQualityTests {
  private func ramp(_ scratch: Scratch, _ name: String, quality axes: [Int], _ values: [Float]) throws
    -> String
  {
    try scratch.write(name, primary: [Card("DET_ID", "IMG1")]) {
      try $0.image("SCI", [3, 2, 4, 2], [UInt16](repeating: 7, count: 48))
      try $0.image("READQUAL", axes, values)
    }
  }

  private let shape = RampShape(integrations: 2, reads: 4, height: 2, width: 3)

  @Test func `an extension of the ramp file has a number for each read`() throws {
    let scratch = try Scratch()
    let each = try ramp(scratch, "each.fits", quality: [4, 2], [1, 2, .nan, 4, 5, 6, 7, 8])
    #expect(
      try ReadQuality(named: "READQUAL", in: [each], shape: shape)?.values == [
        [1, 2, nil, 4], [5, 6, 7, 8],
      ])
    let shared = try ramp(scratch, "shared.fits", quality: [4], [1, 2, 3, 4])
    #expect(
      try ReadQuality(named: "READQUAL", in: [shared], shape: shape)?.values == [
        [1, 2, 3, 4], [1, 2, 3, 4],
      ])
    #expect(try ReadQuality(named: "SEEING", in: [each], shape: shape) == nil)
    let wrong = try ramp(scratch, "wrong.fits", quality: [3, 2], [1, 2, 3, 4, 5, 6])
    #expect(throws: ModelError.self) { try ReadQuality(named: "READQUAL", in: [wrong], shape: shape) }
  }

  /// READ_NO counts from 0 or 1; the readouts come in any order.
  @Test func `single readouts have a keyword`() throws {
    let scratch = try Scratch()
    var paths: [String] = []
    for (ramp, read) in [(1, 2), (0, 1), (1, 1), (0, 3), (0, 2)] {
      var cards = [Card("RAMP_NO", ramp), Card("READ_NO", read)]
      if (ramp, read) != (0, 2) { cards.append(Card("READQUAL", Double(10 * ramp + read))) }
      paths.append(try scratch.write("r\(ramp)_\(read).fits", primary: cards) { _ in })
    }
    let shape = RampShape(integrations: 2, reads: 3, height: 2, width: 3)
    #expect(
      try ReadQuality(named: "READQUAL", in: paths, shape: shape)?.values == [[1, nil, 3], [11, 12, nil]])
  }
}
