import Astrometry
import DataModels
import FITSIO
import Foundation
import JobContract
import Logging
import PipelineEngine
import Pipelines
import Pixels
import Simulator
import Testing

/// Stars of the truth list stand where the product's world coordinates say, dither by dither.
@Suite struct StarPositionTests {
  private static let size = 384

  @Test func starsStandWhereTheWorldCoordinatesSay() throws {
    let night = try Night.imagerOnly(seed: 11, size: Self.size, darks: 1, flats: 1, skies: 1, science: 3)
    let path = "\(NSTemporaryDirectory())/irisarchive-astrometry-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var checked = 0
    for exposure in night.exposures(named: "IMG1-SCI") {
      try night.writeFrame(exposure, to: FrameFolders(raw: path, readouts: path, truth: path))
      let product = try reduce("\(path)/\(exposure.fileNames[0])", in: path)
      let wcs = try SkyWCS(cards: product.scienceHeader.cards)
      let truth = try Truth("\(path)/\(exposure.truthName)")
      let pixels = wcs.fitsPixels(of: truth.sky)
      let indices = wcs.arrayIndices(of: truth.sky)
      for i in truth.sky.indices {
        #expect(abs(pixels[i].x - truth.x[i]) < 1e-4 && abs(pixels[i].y - truth.y[i]) < 1e-4)
      }
      for i in truth.isolatedStars(size: Self.size) {
        let found = truth.centroid(near: indices[i])
        #expect(
          abs(found.x - indices[i].x) < 0.01 && abs(found.y - indices[i].y) < 0.01, "\(found) \(indices[i])")
        checked += 1
      }
      // A frame that carries no coordinates gets the same from its pointing.
      let built = try SkyWCS(
        cards: try reduceWithoutCards(night.frame(exposure), in: path).scienceHeader.cards)
      for (a, b) in zip(built.fitsPixels(of: truth.sky), pixels) {
        #expect(abs(a.x - b.x) < 1e-4 && abs(a.y - b.y) < 1e-4)
      }
    }
    #expect(checked >= 15)
  }

  private func reduceWithoutCards(_ model: ImageModel, in path: String) throws -> ImageModel {
    var bare = model
    bare.scienceHeader.cards.removeAll { WCSCards.isImageKeyword($0.keyword) }
    #expect(bare.scienceHeader["CRVAL1"] == nil)
    let file = "\(path)/bare_\(UUID().uuidString).fits"
    try bare.write(to: file)
    return try reduce(file, in: path)
  }

  private func reduce(_ file: String, in path: String) throws -> ImageModel {
    let name = "\(UUID().uuidString).fits"
    let request = RunRequest(
      configuration: try RunConfiguration(.imagerLevel2),
      members: [Member(name: (file as NSString).lastPathComponent, path: file, exptype: .science)],
      references: [], outputDirectory: path, productFileName: name)
    let services = RunServices(
      now: { Date(timeIntervalSince1970: 1_784_000_000) },
      logger: { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } }, version: "test")
    let report = PipelineRunner(request: request, services: services).run()
    #expect(report.steps.first { $0.name == "assign_wcs" }?.status == .complete)
    return try ImageModel(reading: "\(path)/\(name)")
  }
}

/// The truth of a frame: its image without noise and its stars.
private struct Truth {
  let image: Plane<Float>
  let x: [Double]
  let y: [Double]
  let sky: [SkyPosition]
  let flux: [Double]

  init(_ path: String) throws {
    image = try ImageModel(reading: path).science
    let file = try FITSFile(reading: path)
    let table = try file.table(of: try #require(try file.index(ofExtension: "SOURCES")))
    func column(_ name: String) throws -> [Double] { try #require(table[name]?.doubles) }
    (x, y, flux) = (try column("X"), try column("Y"), try column("FLUX"))
    sky = zip(try column("RA"), try column("DEC")).map { SkyPosition(ra: $0, dec: $1) }
  }

  /// Bright stars that are 15 pixels inside the image and 20 from any that has a thousandth of their light.
  func isolatedStars(size: Int) -> [Int] {
    let inside = 16.0...Double(size) - 15
    return x.indices.filter { i in
      guard inside.contains(x[i]), inside.contains(y[i]), flux[i] > 100 else { return false }
      return x.indices.allSatisfy { j in
        let distance = ((x[i] - x[j]) * (x[i] - x[j]) + (y[i] - y[j]) * (y[i] - y[j])).squareRoot()
        return j == i || distance > 20 || flux[j] < flux[i] / 1000
      }
    }
  }

  /// Centre of light by array indices, with a Gaussian window that follows it.
  func centroid(near start: PixelPosition) -> PixelPosition {
    var centre = PixelPosition(x: start.x.rounded(), y: start.y.rounded())
    for _ in 0..<60 {
      var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
      let (column, row) = (Int(centre.x.rounded()), Int(centre.y.rounded()))
      for v in row - 8...row + 8 {
        for u in column - 8...column + 8 {
          let (dx, dy) = (Double(u) - centre.x, Double(v) - centre.y)
          let weight = exp(-(dx * dx + dy * dy) / (2 * 1.8 * 1.8)) * Double(image[u, v])
          sum += weight
          sumX += weight * dx
          sumY += weight * dy
        }
      }
      // Twice the windowed step: the window pulls towards where it stands.
      centre.x += 2 * sumX / sum
      centre.y += 2 * sumY / sum
    }
    return centre
  }
}
