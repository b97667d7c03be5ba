import Foundation
import Pixels
import Testing

/// Masks of cosmic rays against those of astroscrappy 1.3.0, pixel by pixel.
@Suite struct LACosmicGoldenTests {
  /// A set of parameters, as the golden case `lacosmic` names it.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let options: CosmicRayOptions
    var testDescription: String { name }
  }

  /// The program's own: neighbours of masked pixels are masked, gain 1, cores above 50,000 electrons saturated.
  private static func options(_ change: (inout CosmicRayOptions) -> Void = { _ in }) -> CosmicRayOptions {
    var options = CosmicRayOptions(saturation: 50_000, repairsMasked: false)
    change(&options)
    return options
  }

  static let cases = [
    Case(name: "DEFAULT", options: options()),
    Case(name: "NOSEPMED", options: options { $0.medians = .full }),
    Case(
      name: "PARAMS",
      options: options {
        ($0.sigmaClip, $0.sigmaFraction, $0.objectLimit, $0.maximumIterations) = (6, 0.3, 2, 2)
        $0.replacement = .median
      }),
    Case(name: "CONVOLVE", options: options { $0.fineStructure = .matched(.gaussian(fwhm: 3, side: 7)) }),
    Case(name: "IDW", options: options { $0.replacement = .inverseDistance }),
  ]

  private func image(_ name: String, of file: GoldenFile) throws -> Plane<Float> {
    let image = try file.image(name)
    return Plane(width: image.shape[1], height: image.shape[0], elements: image.floats)
  }

  @Test(arguments: cases)
  func masksAreEqual(_ one: Case) throws {
    let (input, output) = (try GoldenFile("lacosmic_in.fits"), try GoldenFile("lacosmic_out.fits"))
    let found = try findCosmicRays(
      in: image("DATA", of: input), excluding: PixelMask(nonZero: image("INMASK", of: input)),
      noise: .counts(readNoise: 5), options: one.options)
    let expected = try image("MASK_\(one.name)", of: output)
    #expect(found.mask.count > 0 && found.mask == PixelMask(nonZero: expected))
    let cleaned = largestDifference(
      found.cleaned.elements.doubles, try output.image("CLEAN_\(one.name)").pixels)
    print("lacosmic \(one.name): \(found.found), \(found.mask.count) pixels; cleaned within \(cleaned)")
    #expect(cleaned < 1e-5)
  }

  /// `cleantype="median"` of the peer forgets to count (`counter =+ 1`) and takes the median of whatever its memory
  /// held, so its mask is compared with that of the masked median, but its cleaned image is not.
  @Test func maskOfTheUnmaskedMedian() throws {
    let (input, output) = (try GoldenFile("lacosmic_in.fits"), try GoldenFile("lacosmic_out.fits"))
    let found = try findCosmicRays(
      in: image("DATA", of: input), excluding: PixelMask(nonZero: image("INMASK", of: input)),
      noise: .counts(readNoise: 5), options: Self.options { $0.replacement = .median })
    let expected = PixelMask(nonZero: try image("MASK_MEDIAN", of: output))
    let both = found.mask.count + expected.count - found.mask.union(expected).count
    let jaccard = Double(both) / Double(found.mask.union(expected).count)
    print("lacosmic MEDIAN: Jaccard index \(jaccard) of \(expected.count) pixels")
    #expect(jaccard >= 0.98)
  }

  private struct Masks: Decodable {
    let width: Int
    let height: Int
    let plain: [Int]
    let background: [Int]
    let backgroundVariance: [Int]
    let full: [Int]

    func mask(_ indices: [Int]) -> PixelMask {
      var plane = Plane<UInt8>(width: width, height: height, repeating: 0)
      for i in indices { plane[i % width, i / width] = 1 }
      return PixelMask(nonZero: plane)
    }
  }

  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let gmos = tests.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared/data/misc/astroscrappy_gmos.fits")

  /// A real spectrum (GMOS, 200 x 150 pixels) with its sky and variance; the masks are astroscrappy 1.3.0's.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: gmos.path), "the GMOS frame is not here"))
  func masksOfARealFrame() throws {
    let file = try GoldenFile(at: Self.gmos)
    let masks = try JSONDecoder().decode(
      Masks.self, from: Data(contentsOf: Self.tests.appending(path: "Golden/lacosmic_gmos.json")))
    let (image, sky) = (try image("SCI", of: file), try image("SKYFIT", of: file))
    let variance = try self.image("VAR", of: file)
    var options = CosmicRayOptions(gain: 1.933, saturation: 65_536, repairsMasked: false)
    let counts = CosmicRayNoise.counts(readNoise: 4.24)
    var found = [
      ("plain", try findCosmicRays(in: image, noise: counts, options: options), masks.plain),
      (
        "background", try findCosmicRays(in: image, background: sky, noise: counts, options: options),
        masks.background
      ),
      (
        "variance",
        try findCosmicRays(in: image, background: sky, noise: .variance(variance), options: options),
        masks.backgroundVariance
      ),
    ]
    options.medians = .full
    found.append(
      ("full", try findCosmicRays(in: image, background: sky, noise: counts, options: options), masks.full))
    for (name, rays, indices) in found {
      let expected = masks.mask(indices)
      let union = rays.mask.union(expected).count
      let jaccard = Double(rays.mask.count + expected.count - union) / Double(union)
      print("lacosmic of GMOS, \(name): Jaccard index \(jaccard) of \(expected.count) pixels")
      #expect(jaccard >= 0.98)
    }
  }
}
