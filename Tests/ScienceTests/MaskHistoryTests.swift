import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Simulator
import Testing

/// Bad-pixel masks over time, and against a published one.
@Suite struct MaskHistoryTests {
  /// A mask of darks in which the given pixels are hot; `previous` as the step takes it.
  private static func mask(
    hot: [(x: Int, y: Int)], night: Int, previous: String, in folder: CalibrationBench, recover: Int = 2
  ) throws -> (path: String, model: ImageModel, report: RunReport) {
    let size = 64
    var noise = RandomStream(UInt64(night), 0x3a5)
    let members = try (0..<3).map { i -> (String, MemberType) in
      var value = Plane<Float>(width: size, height: size, repeating: 0)
      for y in 0..<size { for x in 0..<size { value[x, y] = Float(0.1 * noise.uniform(in: -1..<1)) } }
      for place in hot { value[place.x, place.y] = 50 }
      let header = Header([
        Card("DETECTOR", "IMG1"), Card("OBSNAME", "IMG1-DRK"), Card("EXPTIME", 60.0),
        Card("DATE-BEG", "2026-07-\(10 + night)T18:0\(i):00.000"),
      ])
      let path = "\(folder.path)/dark-\(night)-\(i)-\(UUID().uuidString).fits"
      let error = value.map { _ in Float(0.06) }
      try ImageModel(header: header, science: value, unit: "adu/s", error: error).write(to: path)
      return (path, .dark)
    }
    let settings = [
      "flag_bad_pixels.previous": previous, "flag_bad_pixels.recover": "\(recover)",
      "flag_bad_pixels.reference_border": "0",
    ]
    let name = "mask-\(night)-\(UUID().uuidString).fits"
    let result = try folder.run(.createMask, members, settings: settings, product: name)
    let model = try ReferenceModel(reading: result.path, expecting: "MASK", extras: ["SEEN", "CLEAN"]).image
    return (result.path, model, result.report)
  }

  /// A hot pixel stays for one good mask, is cleared by the second, and counts are kept.
  @Test func hotPixelsRecover() throws {
    let bench = try CalibrationBench(seed: 1, size: 64, options: CalibrationBench.perfect())
    let (steady, passing) = ((x: 10, y: 12), (x: 40, y: 33))
    let first = try Self.mask(hot: [steady, passing], night: 0, previous: "none", in: bench)
    let second = try Self.mask(hot: [steady], night: 1, previous: first.path, in: bench)
    let third = try Self.mask(hot: [steady], night: 2, previous: second.path, in: bench)
    let flags = try [first, second, third].map { try #require($0.model.quality) }
    #expect(flags.map { $0[steady.x, steady.y] & DQ.hot != 0 } == [true, true, true])
    #expect(flags.map { $0[passing.x, passing.y] & DQ.hot != 0 } == [true, true, false])
    #expect(flags.map { $0[passing.x, passing.y] & DQ.doNotUse != 0 } == [true, true, false])
    let counts = third.model.extraPlanes
    #expect(counts.map(\.name) == ["SEEN", "CLEAN"])
    #expect(counts[0].plane[steady.x, steady.y] == 3 && counts[1].plane[passing.x, passing.y] == 2)
    #expect([first, second, third].map { $0.model.header.integer("NMASKS") } == [1, 2, 3])
    #expect(third.report.products[0].quality["recovered_pixels"] == 1)
    #expect(second.report.notes.contains { $0.contains("was continued") })
  }

  /// A count that no mask can have is not believed, and breaks nothing.
  @Test func wildCountsAreNotBelieved() throws {
    let bench = try CalibrationBench(seed: 4, size: 64, options: CalibrationBench.perfect())
    let first = try Self.mask(hot: [(x: 5, y: 5)], night: 5, previous: "none", in: bench)
    let path = "\(bench.path)/wild.fits"
    var wild = first.model
    wild.header.set("NMASKS", .integer(.max))
    wild.header.set("REFTYPE", .string("MASK"))
    try ReferenceModel(mask: wild).write(to: path)
    let next = try Self.mask(hot: [], night: 6, previous: path, in: bench)
    #expect(next.model.header.integer("NMASKS") == 1_000_001)
  }

  /// The same mask made again does not count its frames twice.
  @Test func theSameNightIsNotContinued() throws {
    let bench = try CalibrationBench(seed: 2, size: 64, options: CalibrationBench.perfect())
    let first = try Self.mask(hot: [(x: 5, y: 5)], night: 3, previous: "none", in: bench)
    let again = try Self.mask(hot: [], night: 3, previous: first.path, in: bench)
    #expect(again.model.quality?[5, 5] == 0 && again.model.header.integer("NMASKS") == 1)
    #expect(again.report.notes.contains { $0.contains("is not continued") })
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/data/nirc2pol").standardizedFileURL.path

  /// Three darks of NIRC2 of December 2025 against the mask that the NIRC2 polarimetry pipeline published in 2023: what
  /// is hot now was bad then; the mask of then holds mostly pixels that darks of 0.45 s do not show.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: Self.folder), "../shared/data/nirc2pol is not here"))
  func publishedMaskOfNIRC2() throws {
    let darks = try ["n0984", "n0985", "n0986"].map { name -> Measured in
      let value: Plane<Float> = try Self.image("\(Self.folder)/\(name).fits.gz")
      let scatter = Float(clippedStatistics(of: value).madSigma)
      return Measured(
        value: value, error: value.map { _ in scatter }, quality: value.map { _ in 0 })
    }
    let published: Plane<Float> = try Self.image("\(Self.folder)/bad_pixel_mask_20230101.fits")
    let master = combine(darks).measured
    for (kappa, wanted) in [(Float(10), 0.65), (20, 0.9)] {
      let found = badPixels(inDark: master, options: BadPixelOptions(darkKappa: kappa))
      var (both, ours, theirs) = (0.0, 0.0, 0.0)
      for y in 0..<found.height {
        for x in 0..<found.width {
          let (a, b) = (found[x, y] != 0, published[x, y] != 0)
          ours += a ? 1 : 0
          theirs += b ? 1 : 0
          both += a && b ? 1 : 0
        }
      }
      print(
        "NIRC2 darks at \(kappa) sigma: \(ours) bad, published \(theirs);",
        "precision \(both / ours), recall \(both / theirs)")
      // By chance 0.3 % of ours would be in the published mask.
      #expect(both / ours > wanted && both / theirs > 0.07)
    }
  }

  private static func image(_ path: String) throws -> Plane<Float> {
    let file = try FITSFile(reading: path)
    let axes = try file.image(of: 0).axes
    return try Plane(uninitializedWidth: axes[0], height: axes[1]) { try file.readPixels(of: 0, into: $0) }
  }
}
