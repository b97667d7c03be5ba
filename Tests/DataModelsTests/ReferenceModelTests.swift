import DataModels
import FITSIO
import Pixels
import Testing

@Suite struct ReferenceModelTests {
  private func reference(_ type: String) -> ReferenceModel {
    let image = ImageModel(
      header: Header(), science: Plane(width: 4, height: 4, repeating: 1), unit: "adu/s",
      error: Plane(width: 4, height: 4, repeating: 0.1), quality: Plane(width: 4, height: 4, repeating: 1024))
    return ReferenceModel(
      image: image, type: type, pedigree: "SIMULATION", description: "test", author: "irisarchive",
      useAfter: "2026-07-14 00:00:00")
  }

  @Test func `a dark says what it is and from when`() throws {
    let scratch = try Scratch()
    let path = scratch.file("dark.fits")
    try reference("DARK").write(to: path)
    let read = try ReferenceModel(reading: path, expecting: "DARK")
    #expect(read.type == "DARK" && read.pedigree == "SIMULATION" && read.useAfter == "2026-07-14 00:00:00")
    #expect(read.image.header.string("DATAMODL") == "TMTDarkModel")
    #expect(read.descrip == "test" && read.author == "irisarchive")
    #expect(read.image.error?[0, 0] == 0.1)
    let error = #expect(throws: ModelError.self) { try ReferenceModel(reading: path, expecting: "FLAT") }
    #expect(error?.code == "wrong-reference-type")
  }

  @Test func `a mask is its flags alone`() throws {
    let scratch = try Scratch()
    let path = scratch.file("mask.fits")
    try reference("MASK").write(to: path)
    let file = try FITSFile(reading: path)
    #expect(try file.hduCount() == 2)
    let read = try ReferenceModel(reading: path)
    #expect(read.image.quality?[3, 3] == 1024)
    #expect(read.image.science[3, 3] == 0)
    if let verdict = try fitsverify(path) { #expect(verdict.contains("0 warning(s) and 0 error(s)")) }
  }
}
