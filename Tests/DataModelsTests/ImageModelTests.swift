import DataModels
import FITSIO
import FITSStructure
import Foundation
import Pixels
import Testing

@Suite struct ImageModelTests {
  private func model() -> ImageModel {
    let count = 7 * 5
    var science = (0..<count).map { Float($0) * 1.25 - 3 }
    science[4] = .nan
    let header = Header([Card("OBSNAME", "IMG1-SCI"), Card("EXPTIME", 60.0), .commentary("HISTORY", "one")])
    var model = ImageModel(
      header: header, science: Plane(width: 7, height: 5, elements: science), unit: "DN/s",
      error: Plane(width: 7, height: 5, repeating: 0.5),
      quality: Plane(width: 7, height: 5, elements: (0..<count).map { UInt32(1) << UInt32($0 % 32) }),
      scienceHeader: Header([Card("CRPIX1", 4.0), Card("CRVAL1", 9.0), Card("CTYPE1", "LINEAR")]))
    model.subarrayMap = Plane(width: 7, height: 5, repeating: 3)
    model.variancePoisson = Plane(width: 7, height: 5, repeating: 0.1)
    model.varianceReadNoise = Plane(width: 7, height: 5, repeating: 0.2)
    model.varianceFlat = Plane(width: 7, height: 5, repeating: 0.3)
    model.extraPlanes = [
      .init(name: "SCATTER", unit: "adu/s", plane: Plane(width: 7, height: 5, repeating: 9))
    ]
    return model
  }

  @Test func `a frame comes back as it was written`() throws {
    let scratch = try Scratch()
    let path = scratch.file("frame.fits")
    let written = model()
    try written.write(to: path)
    let read = try ImageModel(reading: path, extras: ["SCATTER"])
    #expect(read.science == written.science)
    #expect(read.error == written.error)
    #expect(read.quality == written.quality)
    #expect(read.subarrayMap == written.subarrayMap)
    #expect(read.variancePoisson == written.variancePoisson)
    #expect(read.varianceReadNoise == written.varianceReadNoise)
    #expect(read.varianceFlat == written.varianceFlat)
    #expect(read.extraPlanes.first?.plane == written.extraPlanes[0].plane)
    #expect(read.unit == "adu/s")
    #expect(read.pixelUnit == .countRate)
    #expect(read.header.string("FILENAME") == "frame.fits")
    #expect(read.header.cards.contains(.commentary("HISTORY", "one")))
    #expect(read.header["NAXIS"] == nil && read.scienceHeader["XTENSION"] == nil)
    #expect(read.scienceHeader.double("CRPIX1") == 4)
    #expect(read.metadata.obsName == "IMG1-SCI")
    #expect(read.metadata.exposureSeconds == 60)
  }

  @Test func `a written frame verifies and is not replaced by accident`() throws {
    let scratch = try Scratch()
    let path = scratch.file("frame.fits")
    let table = ProvenanceTable(rows: [
      .init(role: "science", name: "raw.fits", sha256: String(repeating: "ab", count: 32)),
      .init(role: "step", name: "flat_field", detail: "{\"invert\": false}"),
    ])
    try model().write(to: path, provenance: table)
    if let verdict = try fitsverify(path) { #expect(verdict.contains("0 warning(s) and 0 error(s)")) }
    #expect(try ProvenanceTable.read(from: path) == table)
    #expect(throws: ModelError.self) { try model().write(to: path) }
    try model().write(to: path, replacing: true)
    #expect(try ProvenanceTable.read(from: path) == nil)
  }

  @Test func `a raw frame has no errors and no flags, and adu where BUNIT is missing`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("raw.fits") { try $0.image("SCI", [3, 2], [Float](repeating: 2, count: 6)) }
    let read = try ImageModel(reading: path)
    #expect(read.error == nil && read.quality == nil && read.measured == nil)
    #expect(read.unit == "adu" && !read.hasDeclaredUnit && read.pixelUnit == .counts)
  }

  @Test func `flags of every integer width keep their bits`() throws {
    let scratch = try Scratch()
    let pixels = [Float](repeating: 0, count: 2)
    func flags<T: FITSPixel>(_ name: String, _ values: [T]) throws -> [UInt32]? {
      let path = try scratch.write(name) {
        try $0.image("SCI", [2, 1], pixels)
        try $0.image("DQ", [2, 1], values)
      }
      return try ImageModel(reading: path).quality?.elements
    }
    #expect(try flags("a.fits", [UInt8](arrayLiteral: 1, 255)) == [1, 255])
    #expect(try flags("b.fits", [Int16](arrayLiteral: 1, -32768)) == [1, 32768])
    #expect(try flags("c.fits", [UInt16](arrayLiteral: 1, 65535)) == [1, 65535])
    #expect(try flags("d.fits", [Int32](arrayLiteral: 1, .min)) == [1, 1 << 31])
    #expect(try flags("e.fits", [UInt32](arrayLiteral: 1, .max)) == [1, .max])
    #expect(try flags("f.fits", [Int64](arrayLiteral: 1, 1 << 31)) == [1, 1 << 31])
    let error = #expect(throws: ModelError.self) { try flags("g.fits", [Float](arrayLiteral: 1, 2)) }
    #expect(error?.code == "bad-quality-type")
  }

  @Test func `files of the reference pipeline are read by their own names`() throws {
    let flat = try ImageModel(reading: golden("native/flat_64.fits"))
    #expect(flat.science.width == 64 && flat.science.height == 64)
    #expect(flat.error != nil && flat.quality != nil)
    let rate = try ImageModel(reading: golden("native/stage1_cds_48.fits"))
    #expect(rate.science.width == 48)
    #expect(rate.metadata.exposureSeconds == 40)
  }

  @Test func `planes of another shape are refused with both shapes`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("bad.fits") {
      try $0.image("SCI", [3, 2], [Float](repeating: 2, count: 6))
      try $0.image("ERR", [2, 3], [Float](repeating: 2, count: 6))
    }
    let error = #expect(throws: ModelError.self) { try ImageModel(reading: path) }
    #expect(error?.code == "shape-mismatch")
    #expect(error?.message.contains("2 x 3") == true && error?.message.contains("3 x 2") == true)
    let missing = #expect(throws: ModelError.self) {
      try ImageModel(reading: try scratch.write("none.fits") { _ in })
    }
    #expect(missing?.code == "no-image")
  }

  @Test(arguments: [
    ("adu", PixelUnit.counts), ("DN", .counts), ("DN/s", .countRate), ("ADU/s", .countRate),
    ("ct/s", .countRate),
    ("adu s-1", .countRate), ("electron/s", .electronRate), ("e-/s", .electronRate), ("e-", .electrons),
    ("", .dimensionless), ("MJy/sr", .other("MJy/sr")),
  ])
  func `units are read in all their spellings`(text: String, unit: PixelUnit) {
    #expect(PixelUnit(bunit: text) == unit)
  }
}
