import DataModels
import FITSIO
import FITSStructure
import Pixels
import Testing

@Suite struct RampModelTests {
  private let shape = RampShape(integrations: 2, reads: 3, height: 4, width: 5)

  private func values<T: Numeric>(_ type: T.Type, _ make: (Int) -> T) -> [T] { (0..<120).map(make) }

  private func ramp(_ times: [[Double]]? = [[1, 2, 3], [1, 2, 4]]) -> RampModel {
    let samples = Ramp<UInt16>(
      integrations: 2, reads: 3, height: 4, width: 5, elements: values(UInt16.self) { UInt16($0 * 500) })
    return RampModel(header: Header([Card("DATALVL", 0)]), samples: .uint16(samples), times: times)
  }

  @Test func `a ramp comes back as it was written`() throws {
    let scratch = try Scratch()
    let path = scratch.file("ramp.fits")
    var written = ramp()
    written.groupQuality = Ramp(integrations: 2, reads: 3, height: 4, width: 5, repeating: 4)
    written.pixelQuality = Plane(width: 5, height: 4, repeating: 1 << 31)
    try written.write(to: path)
    let read = try RampSource(reading: path)
    #expect(read.shape == shape && read.fullScale == 65_535)
    #expect(read.times == written.times && read.timesOrigin == "TIMES")
    for rows in [0..<4, 1..<3] {
      #expect(try read.band(rows) == RampSource(written).band(rows))
    }
    let part = PixelWindow(x0: 3, y0: 1, width: 2, height: 3)
    #expect(try read.band(in: part) == read.band(0..<4).cropped(to: part))
    #expect(try RampSource(written).band(in: part) == read.band(in: part))
    let band = try read.band(1..<3)
    #expect(band.samples[1, 2, 4, 1] == 500 * 114 && band.groupQuality[0, 1, 0, 0] == 4)
    #expect(band.pixelQuality[0, 1] == 1 << 31)
    #expect(read.unit == "adu")
    if let verdict = try fitsverify(path) { #expect(verdict.contains("0 warning(s) and 0 error(s)")) }
  }

  /// One row and all rows, sides of unequal width, sides that touch; a ramp in memory and the newer axes for comparison.
  @Test func `both sides of some rows are read as each of them alone`() throws {
    let scratch = try Scratch()
    var written = ramp()
    written.groupQuality = Ramp(
      integrations: 2, reads: 3, height: 4, width: 5, elements: values(UInt8.self) { UInt8($0) })
    written.pixelQuality = Plane(width: 5, height: 4, repeating: 1 << 31)
    let path = scratch.file("ramp.fits")
    try written.write(to: path)
    let sources = [try RampSource(reading: path), RampSource(written)]
    for source in sources {
      for rows in [0..<4, 1..<3, 0..<1, 3..<4] {
        for (left, right) in [(1, 1), (2, 1), (1, 3), (2, 3)] {
          let parts = [
            PixelWindow(x0: 0, y0: rows.lowerBound, width: left, height: rows.count),
            PixelWindow(x0: 5 - right, y0: rows.lowerBound, width: right, height: rows.count),
          ]
          #expect(try source.bands(in: parts) == parts.map { try source.band(in: $0) }, "\(parts)")
        }
      }
    }
    let turned = try RampSource(reading: golden("native/ramp_48.fits"))
    let parts = [4, 3].map { PixelWindow(x0: $0 == 4 ? 0 : 45, y0: 7, width: $0, height: 20) }
    #expect(try turned.bands(in: parts) == parts.map { try turned.band(in: $0) })
  }

  @Test func `samples of every type are read`() throws {
    let scratch = try Scratch()
    let axes = [5, 4, 3, 2]
    let signed = try scratch.write("i.fits") {
      try $0.image("SCI", axes, values(Int32.self) { Int32($0 - 60) })
    }
    let real = try scratch.write("f.fits") { try $0.image("SCI", axes, values(Float.self) { Float($0) / 2 }) }
    let ints = try RampSource(reading: signed)
    let floats = try RampSource(reading: real).band(0..<4).samples
    #expect(try ints.band(0..<4).samples.elements == values(Float.self) { Float($0 - 60) })
    #expect(ints.fullScale == nil)
    #expect(floats[1, 2, 4, 3] == 59.5)
  }

  @Test func `the newer axes (y, x, group, read) are told by TIMES and turned`() throws {
    let path = golden("native/ramp_48.fits")
    let model = try RampSource(reading: path)
    #expect(model.shape == RampShape(integrations: 2, reads: 10, height: 48, width: 48))
    let file = try FITSFile(reading: path)
    let index = try #require(try file.index(ofExtension: "DATA"))
    var stored = [UInt16](repeating: 0, count: 48 * 48 * 20)
    try stored.withUnsafeMutableBufferPointer { try file.readPixels(of: index, into: $0) }
    let ramp = try model.band(0..<48).samples
    for (g, k, x, y) in [(0, 0, 0, 0), (1, 9, 47, 47), (1, 3, 5, 40), (0, 7, 31, 2)] {
      #expect(ramp[g, k, x, y] == Float(stored[((y * 48 + x) * 2 + g) * 10 + k]))
    }
    #expect(try model.band(40..<44).samples == ramp.rows(40..<44))
    let part = PixelWindow(x0: 7, y0: 11, width: 3, height: 30)
    #expect(try model.band(in: part).samples == ramp.cropped(to: part))
    #expect(model.timesOrigin == "TIMES")
  }

  @Test func `the newer axes (group, read, y, x) are told by TIMES, and by the window without it`() throws {
    let scratch = try Scratch()
    let data = values(UInt16.self) { UInt16($0) }
    let withTimes = try scratch.write("a.fits") {
      try $0.image("DATA", [5, 4, 3, 2], data)
      try $0.image("TIMES", [3, 2], [1.0, 2, 3, 1, 2, 3])
    }
    #expect(try RampSource(reading: withTimes).shape == shape)
    let window = [
      Card("SUBSTRT1", 1), Card("SUBSTRT2", 1), Card("SUBSIZE1", 5), Card("SUBSIZE2", 4),
      Card("SUBARRAY", "FULL"),
    ]
    let withWindow = try scratch.write("b.fits", primary: window) {
      try $0.image("DATA", [5, 4, 3, 2], data)
    }
    #expect(try RampSource(reading: withWindow).shape == shape)
    let bare = try scratch.write("c.fits") { try $0.image("DATA", [5, 4, 3, 2], data) }
    let error = #expect(throws: ModelError.self) { try RampSource(reading: bare) }
    #expect(error?.code == "ambiguous-axes")
    let wrong = try scratch.write("d.fits") {
      try $0.image("DATA", [5, 4, 3, 2], data)
      try $0.image("TIMES", [7, 2], [Double](repeating: 1, count: 14))
    }
    #expect(#expect(throws: ModelError.self) { try RampSource(reading: wrong) }?.code == "ramp-axes")
  }

  @Test func `times come from the header, from the caller, or are named as missing`() throws {
    let scratch = try Scratch()
    let data = values(UInt16.self) { UInt16($0) }
    let spaced = try scratch.write("a.fits", primary: [Card("TGROUP", 4.0), Card("EXPTIME", 99.0)]) {
      try $0.image("SCI", [5, 4, 3, 2], data)
    }
    let fromHeader = try RampSource(reading: spaced)
    #expect(fromHeader.times == [[4, 8, 12], [4, 8, 12]] && fromHeader.timesOrigin == "TGROUP")
    let sample = try RampSource(reading: golden("sample_ramp.fits"))
    #expect(
      sample.shape == RampShape(integrations: 1, reads: 4, height: 10, width: 10) && sample.times == nil)
    let error = #expect(throws: ModelError.self) { try sample.requiredTimes() }
    #expect(error?.code == "missing-read-times")
    #expect(error?.message.contains("TIMES") == true && error?.message.contains("TGROUP") == true)
    let given = try sample.requiredTimes(readSpacing: 4)
    #expect(given.times == [[4, 8, 12, 16]] && given.origin == "read_spacing")
    let asked = try RampSource(reading: golden("sample_ramp.fits"), readSpacing: 4)
    #expect(asked.times == given.times && asked.timesOrigin == "read_spacing")
  }

  @Test func `times that do not rise are refused`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.fits") {
      try $0.image("SCI", [5, 4, 3, 2], values(UInt16.self) { UInt16($0) })
      try $0.image("TIMES", [3, 2], [1.0, 2, 2, 1, 2, 3])
    }
    #expect(#expect(throws: ModelError.self) { try RampSource(reading: path) }?.code == "bad-read-times")
    #expect(
      #expect(throws: ModelError.self) { try RampSource(ramp([[3, 2, 1], [1, 2, 3]])).requiredTimes() }?.code
        == "bad-read-times")
  }
}
