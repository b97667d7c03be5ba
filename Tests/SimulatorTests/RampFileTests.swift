import DataModels
import FITSIO
import Foundation
import Metadata
import Pixels
import Simulator
import Testing

/// Ramps in every format that a detector server may write.
@Suite final class RampFileTests {
  private let folder: String

  init() throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    folder = "\(base)/irisarchive-ramps-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func instrument() -> Instrument {
    var options = DetectorModel.Options()
    options.readout = ReadoutOptions()
    return Instrument(seed: 2, size: 48, detectors: ["IMG1"], options: options)
  }

  private func exposure() -> Exposure {
    var exposure = DetailedDetector.exposure(leak: 50, seconds: 12, reads: 4)
    exposure.ramps = 2
    return exposure
  }

  private func written(_ exposure: Exposure, _ name: String = "x_ramp.fits") throws -> RampSource {
    let path = "\(folder)/\(name)"
    try Night(instrument: instrument(), exposures: [exposure]).writeFrame(
      exposure, toFile: path, replacing: true)
    return try RampSource(reading: path)
  }

  private func values(_ ramp: RampSource) throws -> [Double] {
    try ramp.band(0..<ramp.shape.height).samples.elements.map(Double.init)
  }

  @Test func `every number type, order of axes and compression holds the same reads`() throws {
    let base = exposure()
    let instrument = instrument()
    let truth = try instrument.ramp(of: base, scene: instrument.scene(of: base)).elements.map(Double.init)
    var paths: [String] = []
    for samples in RampFormat.Samples.allCases {
      for layout in RampFormat.Layout.allCases {
        for packing in RampFormat.Packing.allCases where !(samples == .float32 && packing == .rice) {
          var exposure = base
          (exposure.format.samples, exposure.format.layout) = (samples, layout)
          exposure.format.packing = packing
          let name = "\(samples)-\(layout.rawValue)-\(packing).fits"
          let model = try written(exposure, name)
          #expect(model.shape == RampShape(integrations: 2, reads: 4, height: 48, width: 48), "\(name)")
          #expect(try values(model) == truth, "\(name)")
          #expect(model.timesOrigin == "TIMES", "\(name)")
          paths.append("\(folder)/\(name)")
          let file = try FITSFile(reading: "\(folder)/\(name)")
          let image = try file.image(of: 1)
          #expect(image.isCompressed == (packing != .none), "\(name)")
          #expect(try file.verifyChecksums().allSatisfy { $0.checksum == .correct && $0.datasum == .correct })
          #expect(try file.index(ofExtension: "READQUAL") != nil)
        }
      }
    }
    #expect(paths.count == 33)
    guard let lines = try fitsverify(paths) else { return }
    for line in lines { #expect(line.hasPrefix("verification OK"), "\(line)") }
  }

  @Test func `a window is read where the header says`() throws {
    var exposure = exposure()
    exposure.window = ReadWindow("9,5,32,16")
    let model = try written(exposure)
    #expect(model.shape == RampShape(integrations: 2, reads: 4, height: 16, width: 32))
    let found = try #require(model.metadata.subarray)
    #expect((found.x0, found.y0, found.width, found.height) == (8, 4, 32, 16))
    // Pixels keep their own pedestals: those of the window, not of the corner.
    let superbias = try #require(try instrument().detector("IMG1").readout).superbias
    let samples = try values(model)
    let offsets = (0..<512).map { samples[$0] - Double(superbias[8 + $0 % 32, 4 + $0 / 32]) }
    #expect(statistics(offsets).variance.squareRoot() < 40)
    exposure.window = ReadWindow(x: 40, y: 0, width: 9, height: 48)
    let thrown = #expect(throws: SimulatorError.self) { try written(exposure) }
    #expect(thrown?.code == "read-window")
  }

  @Test func `coadds are the mean of so many ramps`() throws {
    var exposure = exposure()
    exposure.coadds = 16
    exposure.format.samples = .float32
    let model = try written(exposure)
    #expect(model.metadata.ncoadds == 16 && model.shape.integrations == 2)
    let instrument = instrument()
    let single = try instrument.ramp(of: exposure, scene: instrument.scene(of: exposure))
    #expect(single.integrations == 32)
    let found = try values(model)
    for (read, x, y) in [(0, 0, 0), (3, 47, 47), (2, 10, 20)] {
      let mean = (16..<32).reduce(0.0) { $0 + Double(single[$1, read, x, y]) } / 16
      #expect(abs(found[((4 + read) * 48 + y) * 48 + x] - mean) < 1e-2)
    }
    // The ramps of a coadd come one after another.
    let length = exposure.reset(ramp: 1, size: 48).seconds(since: exposure.begin)
    #expect(length > 16 * 12)
  }

  @Test func `an ideal detector writes what it always wrote`() throws {
    var exposure = exposure()
    exposure.number = 3
    let ideal = Instrument(seed: 2, size: 48, detectors: ["IMG1"])
    let path = "\(folder)/ideal_ramp.fits"
    try Night(instrument: ideal, exposures: [exposure]).writeFrame(exposure, toFile: path)
    let samples = try ideal.ramp(of: exposure, scene: ideal.scene(of: exposure))
    // What `RampModel` writes of the same reads, byte for byte.
    let source = try RampSource(reading: path)
    let model = RampModel(
      header: source.header, samples: .uint16(samples), times: source.times,
      scienceHeader: source.scienceHeader)
    let again = "\(folder)/again/ideal_ramp.fits"
    try FileManager.default.createDirectory(atPath: "\(folder)/again", withIntermediateDirectories: true)
    try model.write(to: again)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: again)))
  }
}
