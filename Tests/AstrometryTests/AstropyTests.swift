import Astrometry
import Foundation
import Testing

/// Positions against astropy (`Tests/Golden/make_astrometry.py`), whose SIP is code of its own.
@Suite struct AstropyTests {
  private struct Table: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
      let name: String
      let header: [String: Golden.Value]
      let sky: [[Double]]
      var testDescription: String { name }
    }
    let pixels: [[Double]]
    let cases: [Case]
  }

  private func table() throws -> Table {
    try JSONDecoder().decode(Table.self, from: Golden.data("astrometry.json"))
  }

  private func pixels(_ table: Table) -> [PixelPosition] {
    table.pixels.map { PixelPosition(x: $0[0], y: $0[1]) }
  }

  @Test func skyOfPixelsAgreesToANanodegree() throws {
    let table = try table()
    #expect(table.cases.count == 14)
    for each in table.cases {
      let wcs = try SkyWCS(cards: Golden.cards(each.header))
      let found = wcs.sky(atFITSPixels: pixels(table))
      let wanted = each.sky.map { SkyPosition(longitude: $0[0], latitude: $0[1]) }
      for (a, b) in zip(found, wanted) where !(a.longitude.isNaN && b.longitude.isNaN) {
        #expect(separation(a, b) < 1e-9, "\(each.name) \(a) \(b)")
      }
      #expect(found.count == wanted.count)
    }
  }

  @Test func theTwoWaysOfCountingDifferByOne() throws {
    let table = try table()
    for each in table.cases {
      let wcs = try SkyWCS(cards: Golden.cards(each.header))
      let fits = pixels(table)
      let indices = fits.map { PixelPosition(x: $0.x - 1, y: $0.y - 1) }
      let (a, b) = (wcs.sky(atFITSPixels: fits), wcs.sky(atArrayIndices: indices))
      for (x, y) in zip(a, b) where x.longitude.isFinite { #expect(x == y) }
    }
  }

  @Test func pixelsOfSkyComeBack() throws {
    let table = try table()
    for each in table.cases {
      let wcs = try SkyWCS(cards: Golden.cards(each.header))
      let fits = pixels(table)
      let sky = wcs.sky(atFITSPixels: fits)
      let back = wcs.fitsPixels(of: sky)
      let indices = wcs.arrayIndices(of: sky)
      for i in fits.indices where sky[i].longitude.isFinite {
        // Distortions are inverted to 1e-6 pixel; a longitude of 250 degrees is rounded to 3e-14, near the pole's
        // pixels of 4 mas to less.
        #expect(abs(back[i].x - fits[i].x) < 2e-5 && abs(back[i].y - fits[i].y) < 2e-5, "\(each.name)")
        #expect(indices[i].x == back[i].x - 1 && indices[i].y == back[i].y - 1)
      }
    }
  }

  /// The upstream step subtracts CRPIX from positions that it calls 0-based: its table holds FITS pixels. Taken as
  /// array indices, as its documents say, they are one pixel off, and ours are not.
  @Test func upstreamTableHoldsFITSPixels() throws {
    struct Upstream: Decodable {
      let wcsinfo: [String: Golden.Value]
      let pixels: [[Double]]
      let sky: [[Double]]
    }
    let golden = try JSONDecoder().decode(Upstream.self, from: Golden.data("wcs.json"))
    let header = Dictionary(uniqueKeysWithValues: golden.wcsinfo.map { ($0.key.uppercased(), $0.value) })
    let wcs = try SkyWCS(cards: Golden.cards(header))
    let pixels = golden.pixels.map { PixelPosition(x: $0[0], y: $0[1]) }
    let (fits, indices) = (wcs.sky(atFITSPixels: pixels), wcs.sky(atArrayIndices: pixels))
    for (i, sky) in golden.sky.enumerated() {
      let wanted = SkyPosition(ra: sky[0], dec: sky[1])
      #expect(separation(fits[i], wanted) < 1e-9)
      #expect(abs(separation(indices[i], wanted) * 3600 - 0.004 * 2.0.squareRoot()) < 1e-6)
    }
  }

  /// Upstream ignores PCi_j: with a rotation its positions are those of the plain scale.
  @Test func rotationIsNotIgnored() throws {
    let table = try table()
    let turned = try #require(table.cases.first { $0.name == "tan_pc" })
    let plain = turned.header.filter { !$0.key.hasPrefix("PC") }
    let pixel = [PixelPosition(x: 1, y: 1)]
    let (a, b) = (
      try SkyWCS(cards: Golden.cards(turned.header)).sky(atFITSPixels: pixel),
      try SkyWCS(cards: Golden.cards(plain)).sky(atFITSPixels: pixel)
    )
    #expect(separation(a[0], b[0]) * 3600 > 5)
  }
}
