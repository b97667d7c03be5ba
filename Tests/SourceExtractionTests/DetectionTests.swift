import Foundation
import Pixels
import SourceExtraction
import Testing

@Suite struct DetectionTests {
  /// A Gaussian of 1.5 pixels.
  private struct Star {
    let x: Double
    let y: Double
    let flux: Double

    func light(_ px: Double, _ py: Double) -> Double {
      let squared = distance(px, py) * distance(px, py)
      return squared < 100 ? flux / (2 * .pi * 2.25) * exp(-squared / 4.5) : 0
    }

    func distance(_ px: Double, _ py: Double) -> Double { hypot(px - x, py - y) }
  }

  /// Stars of known place and flux on a sloping background with noise.
  private func field(seed: UInt64) -> (image: Plane<Float>, stars: [Star]) {
    var noise = Noise(seed: seed)
    let size = 256
    let stars: [Star] = (0..<30).map { k in
      let (column, row) = (Double(k % 6), Double(k / 6))
      let flux = 500 * pow(20, noise.uniform())
      return Star(
        x: 20 + 40 * column + 4 * noise.uniform(), y: 20 + 45 * row + 4 * noise.uniform(), flux: flux)
    }
    let image = noise.image(
      size, size,
      level: { x, y in
        var sum = 200 + 0.1 * Double(x) + 0.05 * Double(y)
        for star in stars {
          sum += star.light(Double(x), Double(y))
        }
        return sum
      }, sigma: 2)
    return (image, stars)
  }

  @Test func starsAreFoundAndMasked() throws {
    let (image, stars) = field(seed: 21)
    let nothing = PixelMask(width: 256, height: 256)
    let found = try maskSources(
      in: image, excluding: nothing, options: SourceMaskOptions(detection: DetectionOptions(threshold: 2.5)))
    #expect(found.sourceCount >= stars.count && found.sourceCount <= stars.count + 2, "\(found.sourceCount)")
    for star in stars {
      #expect(found.sources.contains(x: Int(star.x.rounded()), y: Int(star.y.rounded())))
      #expect(found.sources.contains(x: Int(star.x.rounded()) + 5, y: Int(star.y.rounded())))
    }
    #expect(found.sources.count < 256 * 256 / 5)
    let catalog = try extractSources(
      from: found.background.subtracted(from: image), noise: .constant(found.background.globalNoise))
    for star in stars {
      let near = catalog.sources.min { star.distance($0.x, $0.y) < star.distance($1.x, $1.y) }
      let source = try #require(near)
      #expect(star.distance(source.x, source.y) < 0.25)
      #expect(abs(Double(source.flux) / star.flux - 1) < 0.2)
      #expect(source.bounds.contains(PixelWindow(x0: Int(source.x), y0: Int(source.y), width: 1, height: 1)))
    }
  }

  @Test func maskedPixelsBelongToNoSource() throws {
    let (image, stars) = field(seed: 22)
    var marks = Plane<UInt8>(width: 256, height: 256, repeating: 0)
    var broken = image
    for y in 0..<256 {
      for x in 0..<128 {
        marks[x, y] = 1
        broken[x, y] = .nan
      }
    }
    let found = try maskSources(in: broken, excluding: PixelMask(nonZero: marks))
    #expect(found.sourceCount <= stars.filter { $0.x > 124 }.count + 2 && found.sourceCount > 5)
    #expect(!found.sources.contains(x: 60, y: 100))
  }

  /// More pixels above the threshold than the library's own limit: it is raised until they fit.
  @Test func theLibrarysLimitsGiveWay() throws {
    var noise = Noise(seed: 23)
    var image = noise.image(800, 800, level: { _, _ in 0 }, sigma: 1)
    for y in 50..<750 { for x in 50..<750 { image[x, y] += 100 } }
    let found = try extractSources(from: image, noise: .constant(1), options: DetectionOptions(threshold: 10))
    #expect(found.sources.contains { $0.pixelCount > 480_000 })
  }

  /// Searches from many threads at once give what one gives.
  @Test func manyThreadsAgree() async throws {
    let fields = (0..<4).map { field(seed: 30 + $0).image }
    let alone = try fields.map { try maskSources(in: $0, excluding: PixelMask(width: 256, height: 256)) }
    let together = try await withThrowingTaskGroup(of: (Int, SourceMask).self) { group in
      for turn in 0..<12 {
        group.addTask {
          let k = turn % 4
          return (k, try maskSources(in: fields[k], excluding: PixelMask(width: 256, height: 256)))
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (k, found) in together { #expect(found == alone[k]) }
  }

  @Test func theLibrarySaysItsVersion() { #expect(sepVersion().hasPrefix("1.")) }
}
