import FITSStructure
import Foundation
import Metadata
import Testing

/// Where an image lies on the sky.
@Suite struct FootprintTests {
  private func card(_ keyword: String, _ value: Double) -> Card { Card(keyword, value) }

  private func image(_ ra: Double, _ dec: Double, _ extra: [Card] = []) -> [Card] {
    [
      Card("XTENSION", "IMAGE"), Card("NAXIS1", 100), Card("NAXIS2", 200), Card("CTYPE1", "RA---TAN"),
      Card("CTYPE2", "DEC--TAN"), card("CRVAL1", ra), card("CRVAL2", dec), card("CRPIX1", 50.5),
      card("CRPIX2", 100.5),
    ] + (extra.isEmpty ? [card("CD1_1", -1e-5), card("CD2_2", 1e-5)] : extra)
  }

  @Test func theCentreAndTheFarthestCorner() throws {
    let found = try #require(FrameMetadata(primary: [], extensions: [image(83.8, -5.4)]).footprint)
    #expect(abs(found.ra - 83.8) < 1e-12 && abs(found.dec + 5.4) < 1e-12)
    #expect(abs(found.radius - 1e-5 * hypot(50, 100)) < 1e-15)
  }

  @Test func aReferencePixelFarFromTheCentreIsFollowedOnTheTangentPlane() throws {
    var cards = image(0.0, 60)
    cards.removeAll { $0.keyword == "CRPIX1" }
    cards.append(card("CRPIX1", 50.5 - 100_000))
    let found = try #require(FrameMetadata(primary: [], extensions: [cards]).footprint)
    // xi = -1 degree at declination 60: alpha = atan2(xi, cos 60), delta = atan2(sin 60, hypot(xi, cos 60)).
    let xi = -Double.pi / 180
    let alpha = atan2(xi, cos(.pi / 3)) * 180 / .pi + 360
    let delta = atan2(sin(.pi / 3), hypot(xi, cos(.pi / 3))) * 180 / .pi
    #expect(abs(found.ra - alpha) < 1e-10 && abs(found.dec - delta) < 1e-10)
  }

  @Test func scaleAndRotationMayBeApart() throws {
    let turned = image(
      10, 20,
      [
        card("CDELT1", -2e-5), card("CDELT2", 2e-5), card("PC1_1", 0), card("PC1_2", 1), card("PC2_1", -1),
        card("PC2_2", 0),
      ])
    let found = try #require(FrameMetadata(primary: [], extensions: [turned]).footprint)
    #expect(abs(found.radius - 2e-5 * hypot(50, 100)) < 1e-15)
  }

  @Test func withoutAWCSThePointingAndTheOffsetOfTheTelescope() throws {
    let primary = [
      card("RA", 83.8), card("DEC", 0), card("XOFFSET", 3.6), card("YOFFSET", -7.2), card("SCALE", 0.004),
      Card("NAXIS1", 4096), Card("NAXIS2", 4096),
    ]
    let found = try #require(FrameMetadata(primary: primary).footprint)
    #expect(abs(found.ra - 83.801) < 1e-9 && abs(found.dec + 0.002) < 1e-9)
    #expect(abs(found.radius * 3600 - 0.004 * hypot(2048, 2048)) < 1e-9)
    #expect(FrameMetadata(primary: [card("EXPTIME", 1)]).footprint == nil)
  }
}
