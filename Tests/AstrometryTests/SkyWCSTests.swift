import Astrometry
import FITSStructure
import Foundation
import Testing

@Suite struct SkyWCSTests {
  private let pointing = SkyPosition(ra: 150.25, dec: 2.2)

  private func tangent(_ angle: Double, at sky: SkyPosition? = nil) throws -> SkyWCS {
    try SkyWCS(
      cards: TangentPlane(at: sky ?? pointing).cards(
        reference: PixelPosition(x: 100.5, y: 50.5), scale: 0.004, positionAngle: angle))
  }

  /// Our own gnomonic formulas, which are not wcslib's, give the same positions.
  @Test(arguments: [0.0, 37, 90, -90, 180, 271.5])
  func builtCardsShowWhatWasAsked(_ angle: Double) throws {
    for centre in [pointing, SkyPosition(ra: 0.0001, dec: -89.9), SkyPosition(ra: 359.99999, dec: 60)] {
      let wcs = try tangent(angle, at: centre)
      let plane = TangentPlane(at: centre)
      let (sine, cosine) = (sin(angle * .pi / 180), cos(angle * .pi / 180))
      for (x, y) in [(100.5, 50.5), (1.0, 1), (200, 100), (-500, 4000)] {
        let (dx, dy) = ((x - 100.5) * 0.004, (y - 50.5) * 0.004)
        let wanted = plane.sky(east: -dx * cosine + dy * sine, north: dx * sine + dy * cosine)
        let found = wcs.sky(atFITSPixels: [PixelPosition(x: x, y: y)])[0]
        #expect(separation(found, wanted) < 1e-11)
      }
      let geometry = wcs.geometry(atFITSPixel: PixelPosition(x: 100.5, y: 50.5))
      let difference = (geometry.positionAngle - angle).remainder(dividingBy: 360)
      #expect(abs(difference) < 1e-5 && geometry.isEastLeft)
      #expect(abs(geometry.scaleArcsec / 0.004 - 1) < 1e-6)
      #expect(abs(geometry.areaSteradian / (0.004 / 206_264.806247) / (0.004 / 206_264.806247) - 1) < 1e-6)
    }
  }

  @Test func offsetsInThePlaneComeBack() {
    let plane = TangentPlane(at: SkyPosition(ra: 359.9, dec: 71))
    for (east, north) in [(0.0, 0.0), (0.001, -0.002), (12, 3), (-4000, 9000)] {
      let back = plane.offset(of: plane.sky(east: east, north: north))
      #expect(abs(back.east - east) < 1e-8 && abs(back.north - north) < 1e-8)
    }
    #expect(plane.offset(of: SkyPosition(ra: 179.9, dec: -71)).east.isNaN)
  }

  @Test(arguments: [true, false])
  func footprintsRunCounterClockwiseOnTheSky(_ isEastLeft: Bool) throws {
    var header = TangentPlane(at: pointing).cards(
      reference: PixelPosition(x: 100.5, y: 50.5), scale: 3.6, positionAngle: 20)
    if !isEastLeft {
      for i in header.indices where ["CD1_1", "CD2_1"].contains(header[i].keyword) {
        header[i].value = .real(-(header[i].double ?? 0))
      }
    }
    let wcs = try SkyWCS(cards: header)
    #expect(wcs.geometry(atFITSPixel: PixelPosition(x: 9, y: 9)).isEastLeft == isEastLeft)
    let plane = TangentPlane(at: pointing)
    let corners = wcs.footprint(width: 200, height: 100).map(plane.offset(of:))
    var twiceArea = 0.0
    for i in 0..<4 {
      let (a, b) = (corners[i], corners[(i + 1) % 4])
      // East grows to the left: counter-clockwise on the sky is clockwise in (east, north).
      twiceArea += b.east * a.north - a.east * b.north
    }
    #expect(abs(twiceArea / 2 - 200 * 100 * 3.6 * 3.6) < 0.1)
    let region = try #require(wcs.region(width: 200, height: 100))
    #expect(region.hasPrefix("POLYGON ICRS 150."))
    #expect(region.split(separator: " ").count == 10)
  }

  @Test func regionsWriteSmallAndNegativeDegrees() throws {
    let wcs = try SkyWCS(
      cards: TangentPlane(at: SkyPosition(ra: 10, dec: 0)).cards(
        reference: PixelPosition(x: 1, y: 1), scale: 0.36, positionAngle: 0))
    #expect(
      wcs.region(width: 1, height: 1)
        == "POLYGON ICRS 10.000050000 -0.000050000 9.999950000 -0.000050000 "
        + "9.999950000 0.000050000 10.000050000 0.000050000")
  }

  @Test func placesWithoutImageAreNaN() throws {
    let wcs = try tangent(0)
    let behind = SkyPosition(ra: pointing.longitude + 180, dec: -pointing.latitude)
    let pixels = wcs.fitsPixels(of: [behind, pointing, SkyPosition(ra: .nan, dec: 0)])
    #expect(pixels[0].x.isNaN && pixels[2].x.isNaN)
    #expect(abs(pixels[1].x - 100.5) < 1e-9)
    #expect(wcs.sky(atFITSPixels: []).isEmpty)
    #expect(wcs.sky(atFITSPixels: [PixelPosition(x: .infinity, y: 1)])[0].longitude.isNaN)
  }

  @Test func windowsShowTheirPartOfTheSky() throws {
    let whole = try SkyWCS(cards: cards(Self.distorted))
    let window = try whole.cropped(x: 300, y: 20)
    let pixel = [PixelPosition(x: 310, y: 27)]
    let found = window.sky(atArrayIndices: [PixelPosition(x: 10, y: 7)])
    #expect(separation(found[0], whole.sky(atArrayIndices: pixel)[0]) < 1e-12)
  }

  @Test func longListsAreDoneInBatches() throws {
    let wcs = try tangent(12)
    let pixels = (0..<40_001).map { PixelPosition(x: Double($0 % 201), y: Double($0 / 201)) }
    let back = wcs.fitsPixels(of: wcs.sky(atFITSPixels: pixels))
    #expect(zip(pixels, back).allSatisfy { abs($0.x - $1.x) < 1e-4 && abs($0.y - $1.y) < 1e-4 })
  }

  /// One system used by several threads gives what it gives to one.
  @Test func systemsAreSharedBetweenThreads() async throws {
    let wcs = try SkyWCS(cards: cards(SkyWCSTests.distorted))
    let pixels = (0..<2000).map { PixelPosition(x: Double($0), y: Double(2 * $0 % 777)) }
    let alone = wcs.fitsPixels(of: wcs.sky(atFITSPixels: pixels))
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { wcs.fitsPixels(of: wcs.sky(atFITSPixels: pixels)) == alone } }
      for await same in group { #expect(same) }
    }
  }

  static var distorted: KeyValuePairs<String, Any> {
    [
      "CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CRPIX1": 500.0, "CRPIX2": 500.0, "CRVAL1": 10.0,
      "CRVAL2": 20.0, "CD1_1": -1e-5, "CD2_2": 1e-5, "A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-6, "B_1_1": 2e-6,
    ]
  }
}
