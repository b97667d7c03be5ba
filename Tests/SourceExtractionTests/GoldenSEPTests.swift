import Foundation
import Pixels
import SourceExtraction
import Testing

/// Background, noise, segmentation and catalog of one frame against the Python face of the library.
@Suite struct GoldenSEPTests {
  private struct Expected: Decodable {
    let x, y, a, b, theta, flux, peak, npix, flag: Double
  }

  @Test func sep() throws {
    let (input, output) = (GoldenImages("background_in.fits"), GoldenImages("sep_out.fits"))
    let image: Plane<Float> = try input.plane("DATA")
    let mask = PixelMask(nonZero: try input.plane("MASK") as Plane<UInt8>)
    let background = try meshBackground(
      of: image, excluding: mask, options: MeshOptions(boxWidth: 32, boxHeight: 32))
    #expect(abs(background.globalLevel - 10.013551712036133) < 1e-5 * 10)
    #expect(abs(background.globalNoise - 1.007588267326355) < 1e-5)
    #expect(farthest(background.levelImage(), try output.plane("BACK")) < 1e-5)
    #expect(farthest(background.noiseImage(), try output.plane("RMS")) < 1e-5)
    let found = try extractSources(
      from: background.subtracted(from: image), noise: .constant(background.globalNoise), excluding: mask,
      options: DetectionOptions(isMatched: true))
    #expect(found.segmentation == (try output.plane("SEG") as Plane<Int32>))
    let data = try Data(contentsOf: GoldenImages.folder.appending(path: "sep_catalog.json"))
    let expected = try JSONDecoder().decode([Expected].self, from: data)
    #expect(found.sources.count == expected.count)
    for (source, wanted) in zip(found.sources, expected) {
      #expect(abs(source.x - wanted.x) < 0.01 && abs(source.y - wanted.y) < 0.01)
      #expect(abs(Double(source.flux) - wanted.flux) < 1e-3 * wanted.flux)
      #expect(abs(Double(source.peak) - wanted.peak) < 1e-3 * wanted.peak)
      #expect(abs(Double(source.semiMajor) - wanted.a) < 1e-3 * wanted.a)
      #expect(abs(Double(source.semiMinor) - wanted.b) < 1e-3 * wanted.b)
      #expect(abs(sin(Double(source.angle) - wanted.theta)) < 1e-2)
      #expect(Double(source.pixelCount) == wanted.npix)
      #expect(Double(source.flags) == wanted.flag)
    }
  }

  private func farthest(_ a: Plane<Float>, _ b: Plane<Float>) -> Float {
    zip(a.elements, b.elements).reduce(0) { max($0, abs($1.0 - $1.1) / abs($1.1)) }
  }
}
