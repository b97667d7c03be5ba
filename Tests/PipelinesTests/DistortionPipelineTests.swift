import Astrometry
import DataModels
import FITSIO
import FITSStructure
import Foundation
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// From a frame of pinholes to a reference, and from that to the world coordinates of a science frame.
@Suite struct DistortionPipelineTests {
  private static let size = 1024
  private static let middle = PixelPosition(x: 512.5, y: 512.5)

  /// Three pixels at the edges, of order 4.
  static let truth: SIPDistortion = {
    var (a, b) = (Polynomial2D(order: 4), Polynomial2D(order: 4))
    let h = 512.0
    for (p, q, x, y) in [
      (2, 0, 1.1, -0.4), (1, 1, -0.7, 0.9), (0, 2, 0.5, 0.8), (3, 0, 0.6, 0.1), (2, 1, -0.2, 0.4),
      (1, 2, 0.5, -0.3),
      (0, 3, 0.1, 0.7), (4, 0, -0.3, 0.2), (2, 2, 0.3, 0.3), (0, 4, 0.2, -0.4),
    ] {
      a[p, q] = x / pow(h, Double(p + q))
      b[p, q] = y / pow(h, Double(p + q))
    }
    return SIPDistortion(reference: middle, a: a, b: b)
  }()

  /// 40 x 40 pinholes of sigma 1.4 pixel and S/N 1000 as the distortion shows them on a mask turned by 0.4
  /// degrees.
  private func pinholes(_ model: inout ImageModel) {
    var state: UInt64 = 5
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 11) + 0.5) * 0x1p-53
    }
    var values = (0..<Self.size * Self.size).map { _ in
      Float(50 + (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()))
    }
    let map = PlaneTransform(a: 25.2, d: 25.2, s: 21, t: 21).then(.turn(degrees: 0.4, about: Self.middle))
    // Of Gaussian light over noise 1: S/N = flux / (2 sigma sqrt(pi)).
    let peak = 1000 * 2 * 1.4 * Double.pi.squareRoot() / (2 * .pi * 1.4 * 1.4)
    for k in 0..<1600 {
      let place = Self.truth.distorted(map(PixelPosition(x: Double(k % 40), y: Double(k / 40))))
      let (x, y) = (place.x - 1, place.y - 1)
      for v in max(0, Int(y) - 9)..<min(Self.size, Int(y) + 11) {
        for u in max(0, Int(x) - 9)..<min(Self.size, Int(x) + 11) {
          let (dx, dy) = (Double(u) - x, Double(v) - y)
          values[v * Self.size + u] += Float(peak * exp(-(dx * dx + dy * dy) / (2 * 1.4 * 1.4)))
        }
      }
    }
    model.science = Plane(width: Self.size, height: Self.size, elements: values)
  }

  private func reference(_ bench: Bench) throws -> String {
    let frame = try bench.frame(
      "pinholes.fits", value: 0, width: Self.size, height: Self.size,
      cards: [Card("FILTER", "J"), Card("DATE-OBS", "2026-07-14T00:00:00")], edit: pinholes)
    let report = try bench.run(.createDistortion, [(frame, .science)], product: "distortion.fits")
    #expect(report.error == nil, "\(String(describing: report.error))")
    let quality = try #require(report.products.first?.quality)
    let (rms, points) = (try #require(quality["distortion_rms"]), try #require(quality["distortion_points"]))
    print("pinholes of S/N 1000: rms \(rms) pixel of \(points) points")
    // Windowed centres of S/N 1000: sigma sqrt(2) / 1000 = 0.002 pixel.
    #expect(rms < 0.004 && points > 1500, "\(rms) \(points)")
    return bench.path + "/out/distortion.fits"
  }

  @Test func pinholesBecomeAReferenceAndThatBecomesSIP() throws {
    let bench = try Bench()
    let path = try reference(bench)
    let header = try ReferenceModel(reading: path, expecting: "DISTORTION").image.scienceHeader
    let origin = PixelPosition(
      x: try #require(header.double("DISCRPX1")), y: try #require(header.double("DISCRPX2")))
    let found = try #require(try SIPDistortion(cards: header.cards, reference: origin))
    try compare(found)
    #expect((header.double("DISINVER") ?? 1) <= 1e-3)
    // The same sky, through the distortion and without it.
    let cards = TangentPlane(at: SkyPosition(ra: 250, dec: 36.5)).cards(
      reference: Self.middle, scale: 0.004, positionAngle: 30)
    let science = try bench.frame("sci.fits", value: 1, width: Self.size, height: Self.size, cards: cards)
    let plain = try SkyWCS(cards: cards)
    var skies: [[SkyPosition]] = []
    let pixels = (0..<25).map { PixelPosition(x: 1 + 255 * Double($0 % 5), y: 1 + 255 * Double($0 / 5)) }
    for form in ["sip", "tpv", "none"] {
      let report = try bench.run(
        .imagerLevel2, [(science, .science)], references: [Bench.reference("distortion", path)],
        settings: ["assign_wcs.form": form], product: "\(form).fits")
      #expect(!report.degraded.contains { $0.contains("distortion") }, "\(report.degraded)")
      let product = try bench.product("\(form).fits")
      #expect(product.header.string("R_DISTOR") == "distortion.fits")
      let suffix = ["sip": "RA---TAN-SIP", "tpv": "RA---TPV", "none": "RA---TAN"][form]
      #expect(product.scienceHeader.string("CTYPE1") == suffix)
      skies.append(try SkyWCS(cards: product.scienceHeader.cards).sky(atFITSPixels: pixels))
    }
    let wanted = plain.sky(atFITSPixels: pixels.map(found.undistorted))
    for i in pixels.indices {
      func off(_ a: SkyPosition, _ b: SkyPosition) -> Double {
        let offset = TangentPlane(at: a).offset(of: b)
        return hypot(offset.east, offset.north) / 0.004
      }
      #expect(off(skies[0][i], wanted[i]) < 1e-4 && off(skies[0][i], skies[1][i]) < 1e-6)
    }
    #expect(skies[0][0] != skies[2][0])
  }

  /// Residuals of the interior in rms, and the correlation with the truth, without shift, turn and scale.
  private func compare(_ found: SIPDistortion) throws {
    var (p, q, shifts): ([PixelPosition], [PixelPosition], [PixelPosition]) = ([], [], [])
    for j in 0...20 {
      for i in 0...20 {
        let pixel = PixelPosition(x: 40 + 47.25 * Double(i), y: 40 + 47.25 * Double(j))
        p.append(found.undistorted(pixel))
        q.append(Self.truth.undistorted(pixel))
        shifts.append(pixel)
      }
    }
    let map = try #require(PlaneTransform.similarity(p, q))
    var (square, sumA, sumB, sumAB) = (0.0, 0.0, 0.0, 0.0)
    for i in p.indices {
      let (a, b) = (map(p[i]), q[i])
      square += (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)
      let (ax, ay, bx, by) = (a.x - shifts[i].x, a.y - shifts[i].y, b.x - shifts[i].x, b.y - shifts[i].y)
      sumA += ax * ax + ay * ay
      sumB += bx * bx + by * by
      sumAB += ax * bx + ay * by
    }
    let residual = (square / Double(2 * p.count)).squareRoot()
    let correlation = sumAB / (sumA * sumB).squareRoot()
    print("distortion of 3 pixels: residual \(residual) pixel rms, correlation \(correlation)")
    #expect(residual <= 0.005 && correlation > 0.999, "\(residual) \(correlation)")
  }

  @Test func framesWithoutPinholesAreRefused() throws {
    let bench = try Bench()
    let frame = try bench.frame("empty.fits", value: 10, width: 128, height: 128) { model in
      for i in 0..<128 { model.science[i, (37 * i) % 128] += 0.5 }
    }
    let report = try bench.run(.createDistortion, [(frame, .science)], product: "none.fits")
    #expect(report.error?.code == "lattice-missing", "\(String(describing: report.error))")
  }
}
