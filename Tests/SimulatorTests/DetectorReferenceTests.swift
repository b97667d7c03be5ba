import DataModels
import FITSIO
import Foundation
import Metadata
import Pixels
import Simulator
import Testing

@Suite struct DetectorReferenceTests {
  @Test func `references hold the truth of their detector`() throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let folder = "\(base)/irisarchive-references-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = DetectorModel.Options()
    options.readout = ReadoutOptions()
    let instrument = Instrument(seed: 8, size: 64, detectors: ["IMG1"], options: options)
    let detector = try instrument.detector("IMG1")
    let references = DetectorReferences(detector: detector, name: "IMG1", useAfter: Night.defaultStart)
    let paths = try references.write(in: folder)
    #expect(paths.count == 6)
    let model = try #require(detector.readout)
    for (kind, path) in zip(references.kinds, paths) {
      let file = try FITSFile(reading: path)
      let metadata = FrameMetadata(primary: try file.cards(of: 0))
      #expect(metadata.subarray?.width == 64 && metadata.detector == "IMG1")
      #expect(try file.verifyChecksums().allSatisfy { $0.checksum == .correct })
      switch kind {
      case .nonlincoeff:
        let index = try #require(try file.index(ofExtension: "COEFFS"))
        #expect(try file.image(of: index).axes == [64, 64, 5])
        var values = [Float](repeating: 0, count: 64 * 64 * 5)
        try values.withUnsafeMutableBufferPointer { try file.readPixels(of: index, into: $0) }
        let pixel = 30 * 64 + 20
        let expected = model.curve.coefficients(strength: Double(model.strength[20, 30]))
        for (power, term) in expected.enumerated() {
          #expect(abs(Double(values[power * 4096 + pixel]) - term) <= 1e-6 * abs(term))
        }
        #expect(values[2 * 4096] == 0 && values[4096] == 1)
      case .mask:
        let mask = try ReferenceModel(reading: path, expecting: "MASK")
        #expect(mask.image.quality == detector.flags)
      case .superbias:
        let found = try ReferenceModel(reading: path, expecting: "SUPERBIAS").image
        #expect(found.science == model.superbias && found.unit == "adu")
      case .saturation:
        let found = try ReferenceModel(reading: path, expecting: "SATURATION").image
        let full = 0.98 * 90_000 / 3.04 * 0.95
        let middle = Double(found.science[30, 30] - model.superbias[30, 30])
        #expect(abs(middle / full - 1) < 0.1 && found.quality?[0, 0] == DQ.referencePixel)
      case .gain: #expect(try ReferenceModel(reading: path).image.science[5, 5] == 3.04)
      case .readnoise: #expect(try ReferenceModel(reading: path).image.science[5, 5] == 12)
      }
    }
    guard let lines = try fitsverify(paths) else { return }
    for line in lines { #expect(line.hasPrefix("verification OK"), "\(line)") }
  }
}
