import Foundation
import Pixels
import SourceExtraction
import Testing

/// Apertures of the golden catalog's sources against the Python face of the library (`make_photometry.py`).
@Suite struct GoldenPhotometryTests {
  private struct Expected: Decodable {
    struct Row: Decodable {
      let r3, r5, annulus, kron, auto, half, window: [Double]
      let sigma: Double
    }
    let sources: [Row]
  }

  private struct Ellipse: Decodable { let x, y, a, b, theta: Double }

  @Test func apertures() throws {
    let image = try scene()
    let expected: Expected = try decode("photometry.json")
    let sources: [Ellipse] = try decode("sep_catalog.json")
    #expect(expected.sources.count == sources.count && !sources.isEmpty)
    for (i, (s, wanted)) in zip(sources, expected.sources).enumerated() {
      same(try image.circle(x: s.x, y: s.y, radius: 3), wanted.r3)
      same(try image.circle(x: s.x, y: s.y, radius: 5.5), wanted.r5)
      same(try image.annulus(x: s.x, y: s.y, inner: 6, outer: 9), wanted.annulus)
      let shape = SourceEllipse(semiMajor: s.a, semiMinor: s.b, angle: s.theta)
      let kron = try image.kronRadius(x: s.x, y: s.y, shape, owner: i)
      #expect(abs(kron.radius - wanted.kron[0]) < 1e-6 && Double(kron.flags) == wanted.kron[1])
      let auto = try image.ellipse(x: s.x, y: s.y, shape, radius: max(2.5 * kron.radius, 3.5), owner: i)
      same(auto, wanted.auto)
      let half = try image.fluxRadii(
        x: s.x, y: s.y, fractions: [0.5, 0.8], total: auto.flux, limit: 6 * s.a)
      #expect(abs(half.radii[0] - wanted.half[0]) < 1e-4 && abs(half.radii[1] - wanted.half[1]) < 1e-4)
      #expect(Double(half.flags) == wanted.half[2])
      let place = try image.windowedPosition(x: s.x, y: s.y, sigma: wanted.sigma)
      #expect(abs(place.x - wanted.window[0]) < 1e-4 && abs(place.y - wanted.window[1]) < 1e-4)
      #expect(Double(place.flags) == wanted.window[2])
    }
  }

  /// Errors of a resampled image are larger by its noise correlation, values are not.
  @Test func correlatedNoiseWidensErrors() throws {
    let (plain, wide) = (try scene(), try scene(noiseCorrelation: 1.36))
    let (a, b) = (try plain.circle(x: 130, y: 16, radius: 4), try wide.circle(x: 130, y: 16, radius: 4))
    #expect(a.flux == b.flux && abs(b.error / a.error - 1.36) < 1e-12)
  }

  private func scene(noiseCorrelation: Double = 1) throws -> PhotometryImage {
    let (input, output) = (GoldenImages("background_in.fits"), GoldenImages("sep_out.fits"))
    let image: Plane<Float> = try input.plane("DATA")
    let back: Plane<Float> = try output.plane("BACK")
    var error = image.map { _ in Float(1.007588267326355) }
    for y in 0..<error.height { for x in 201..<max(201, error.width) { error[x, y] *= 3 } }
    let value = Plane(
      width: image.width, height: image.height, elements: zip(image.elements, back.elements).map { $0 - $1 })
    return try PhotometryImage(
      value: value, error: error, excluding: PixelMask(nonZero: try input.plane("MASK") as Plane<UInt8>),
      segmentation: try output.plane("SEG"), noiseCorrelation: noiseCorrelation)
  }

  private func same(_ sum: ApertureSum, _ wanted: [Double]) {
    #expect(abs(sum.flux - wanted[0]) <= 1e-6 * max(1, abs(wanted[0])), "\(sum) \(wanted)")
    #expect(abs(sum.error - wanted[1]) <= 1e-6 * wanted[1], "\(sum) \(wanted)")
    #expect(Double(sum.flags) == wanted[2])
  }

  private func decode<T: Decodable>(_ name: String) throws -> T {
    try JSONDecoder().decode(T.self, from: Data(contentsOf: GoldenImages.folder.appending(path: name)))
  }
}
