import Astrometry
import FITSIO
import Foundation
import Testing

/// The measured distortion of the narrow camera of NIRC2 (maps of 512 x 512 values over 1024 x 1024 pixels)
/// as truth.
@Suite struct RealDistortionTests {
  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/shared/data/distortion/"
  private static func map(_ axis: String) -> String { folder + "nirc2_narrow_\(axis)geoim_512.fits" }

  private struct Map {
    let values: [Double]

    init(_ path: String) throws { values = try FITSFile(reading: path).pixels(of: 0) }

    /// By lines between the nodes, which lie at FITS pixels 1.5, 3.5 …
    func callAsFunction(_ p: PixelPosition) -> Double {
      let x = min(max((p.x - 1.5) / 2, 0), 510.999)
      let y = min(max((p.y - 1.5) / 2, 0), 510.999)
      let (i, j) = (Int(x), Int(y))
      let (s, t) = (x - Double(i), y - Double(j))
      let low = values[j * 512 + i] * (1 - s) + values[j * 512 + i + 1] * s
      let high = values[(j + 1) * 512 + i] * (1 - s) + values[(j + 1) * 512 + i + 1] * s
      return low * (1 - t) + high * t
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: map("x")), "the NIRC2 maps are not here"))
  func pinholesSeenThroughARealCameraGiveItsDistortion() throws {
    let (dx, dy) = (try Map(Self.map("x")), try Map(Self.map("y")))
    var (objects, observations): ([PixelPosition], [DistortionProblem.Observation]) = ([], [])
    for k in 0..<1600 {
      let place = PixelPosition(x: 14 + 25.5 * Double(k % 40), y: 14 + 25.5 * Double(k / 40))
      var pixel = place
      for _ in 0..<30 { pixel = PixelPosition(x: place.x - dx(pixel), y: place.y - dy(pixel)) }
      objects.append(place)
      observations.append(.init(exposure: 0, object: k, pixel: pixel, error: 0.01))
    }
    let found = try DistortionProblem(
      width: 1024, height: 1024, objects: objects, observations: observations, order: 6, largestRMS: 0.2
    ).solved()
    var square = 0.0
    for j in 2..<19 {
      for i in 2..<19 {
        let pixel = PixelPosition(x: 50 * Double(i) + 7, y: 50 * Double(j) + 7)
        let place = found.exposures[0](found.distortion.undistorted(pixel))
        let (ex, ey) = (place.x - pixel.x - dx(pixel), place.y - pixel.y - dy(pixel))
        square += ex * ex + ey * ey
      }
    }
    let residual = (square / Double(2 * 17 * 17)).squareRoot()
    print(
      "NIRC2 narrow camera: residual \(residual) pixel rms, fit \(found.rms), way back \(found.distortion.inverse?.largestError ?? .nan)"
    )
    #expect(residual <= 0.02, "\(residual)")
    #expect((found.distortion.inverse?.largestError ?? 1) <= 1e-3)
  }
}
