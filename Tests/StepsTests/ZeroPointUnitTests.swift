import Astrometry
import FITSStructure
import Foundation
import ImagerSteps
import PipelineEngine
import Pixels
import Testing

/// A zero point is that of a unit: what reads it goes by `ZPUNIT` and the gain that was applied since.
@Suite struct ZeroPointUnitTests {
  private static let scale = 0.004

  /// A star of 50,000 in the middle on nothing, `east` arcsec off the field's centre.
  private static func frame(
    _ name: String, _ cards: [Card], zeroPoint: [Card], unit: String, times factor: Double = 1,
    east: Double = 0,
    inPrimary: Bool = false
  ) throws -> Frame {
    let size = 96
    let centre = SkyPosition(ra: 80, dec: 10)
    let middle = PixelPosition(x: Double(size + 1) / 2, y: Double(size + 1) / 2)
    let plane = TangentPlane(at: TangentPlane(at: centre).sky(east: east, north: 0))
    let wcs = plane.cards(reference: middle, scale: scale, positionAngle: 0)
    let place = try SkyWCS(cards: wcs).arrayIndices(of: [centre])[0]
    var pixels = Measured(width: size, height: size, repeating: 0, error: Float(factor))
    var state: UInt64 = 5
    for y in 0..<size {
      for x in 0..<size {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let noise = 2 * (Double(state >> 11) * 0x1p-53 - 0.5)
        let r2 = pow(Double(x) - place.x, 2) + pow(Double(y) - place.y, 2)
        pixels.value[x, y] = Float(factor * (noise + 5e4 / (2 * .pi * 2.25) * exp(-r2 / 4.5)))
      }
    }
    let primary = [Card("DETECTOR", "IMG1"), Card("EXPTIME", 10.0), Card("FILTER", "H")] + cards
    return StepBench.frame(
      name, pixels, primary + (inPrimary ? wcs + zeroPoint : []), science: inPrimary ? [] : wcs + zeroPoint,
      unit: unit)
  }

  private static let stated = [
    Card("ZPAB", 25.0), Card("ZPVEGA", 23.61), Card("ZPERR", 0.02), Card("ZPEXT", 0.07),
    Card("ZPUNIT", "adu/s"),
  ]

  /// Electrons of a gain of 2.5 are 2.5 log10(2.5) mag fainter each; extinction that the zero point holds is not forgotten.
  @Test func photomAgain() throws {
    let frame = try Self.frame(
      "e.fits", [Card("GAINFACT", 2.5), Card("AIRMASS", 1.4)], zeroPoint: Self.stated, unit: "electron/s")
    let first = try StepBench.run(PhotomStep.self, [frame])
    #expect(first.outcome == .complete)
    let again = try StepBench.run(PhotomStep.self, first.work.frames)
    for header in [first.work.frames[0].scienceHeader, again.work.frames[0].scienceHeader] {
      #expect(abs((header.double("ZPAB") ?? 0) - 25 - 2.5 * log10(2.5)) < 1e-9)
      #expect(abs((header.double("ZPVEGA") ?? 0) - 23.61 - 2.5 * log10(2.5)) < 1e-9)
      #expect(header.double("ZPEXT") == 0.07 && header.double("ZPERR") == 0.02)
      #expect(header.string("ZPUNIT") == "electron/s")
    }
    // Without the gain nobody knows.
    let unknown = try Self.frame("u.fits", [], zeroPoint: Self.stated, unit: "electron/s")
    guard case .skipped = try StepBench.run(PhotomStep.self, [unknown]).outcome else {
      Issue.record("a zero point of another unit was taken")
      return
    }
  }

  /// What was subtracted is told in the unit that the pixels have.
  @Test func levelsFollowTheUnit() throws {
    let frame = try Self.frame(
      "a.fits", [Card("BKGLEVEL", 10.0), Card("SCALE", "0.004")], zeroPoint: Self.stated, unit: "adu/s")
    let made = try StepBench.run(PhotomStep.self, [frame], [("units", "MJy/sr")]).work.frames[0]
    let factor = try #require(made.scienceHeader.double("PHOTMULT"))
    #expect(made.unit == "MJy/sr" && factor != 1)
    #expect(made.header.double("BKGLEVEL") == 10 * factor)
  }

  /// One frame without a zero point: none is touched.
  @Test func photomIsAllOrNone() throws {
    let good = try Self.frame("a.fits", [], zeroPoint: Self.stated, unit: "adu/s")
    let bare = try Self.frame("b.fits", [], zeroPoint: [], unit: "adu/s")
    let run = try StepBench.run(PhotomStep.self, [good, bare], [("units", "MJy/sr")])
    guard case .skipped = run.outcome else {
      Issue.record("photom was not skipped")
      return
    }
    #expect(run.work.frames[0].unit == "adu/s")
    #expect(try run.work.frames[0].pixels() == good.pixels())
  }

  /// A catalog in electrons, its zero point and coordinates in either header.
  @Test(arguments: [false, true]) func catalogsGoByTheUnit(inPrimary: Bool) throws {
    let frame = try Self.frame(
      "c.fits", [Card("GAINFACT", 4.0)], zeroPoint: Self.stated, unit: "electron/s", inPrimary: inPrimary)
    let run = try StepBench.run(SourceCatalogStep.self, [frame], [("psf", "False"), ("max_radius", "12")])
    let product = try #require(run.work.tables.first)
    #expect(abs((product.header.double("ZPAB") ?? 0) - 25 - 2.5 * log10(4)) < 1e-9)
    #expect(!run.notes.degraded.contains { $0.contains("positions") }, "\(run.notes.degraded)")
    let names = product.table.columns.map(\.name)
    let magnitude = try #require(names.firstIndex(of: "AUTO_MAG_AB"))
    let ra = try #require(names.firstIndex(of: "RA"))
    let row = try #require(product.table.rows.first)
    guard case .double(let mag) = row[magnitude], case .double(let longitude) = row[ra] else {
      Issue.record("\(row)")
      return
    }
    #expect(abs(mag - (25 + 2.5 * log10(4) - 2.5 * log10(5e4))) < 0.02, "\(mag)")
    #expect(abs(longitude - 80) < 1e-6)
  }

  /// Two gains, one zero point of adu/s: the mosaic's flux is that of the first frame.
  @Test(arguments: [false, true]) func mosaicsGoByTheUnit(inPrimary: Bool) throws {
    let frames = try [(2.0, 0.0), (4.0, 0.0213)].enumerated().map { i, made in
      try Self.frame(
        "m\(i).fits", [Card("GAINFACT", made.0)], zeroPoint: Self.stated, unit: "electron/s",
        times: made.0 / 2,
        east: made.1, inPrimary: inPrimary)
    }
    let mosaic = try StepBench.run(ResampleStep.self, frames, [("pixfrac", "1"), ("weight", "none")]).work
      .frames[0]
    let place = try SkyWCS(cards: mosaic.worldCoordinateCards).arrayIndices(of: [SkyPosition(ra: 80, dec: 10)]
    )[0]
    let image = try mosaic.pixels().value
    var sum = 0.0
    for y in Int(place.y) - 10...Int(place.y) + 10 {
      for x in Int(place.x) - 10...Int(place.x) + 10 { sum += Double(image[x, y]) }
    }
    #expect(abs(sum / 5e4 - 1) < 5e-3, "\(sum)")
    #expect(mosaic.header.double("GAINFACT") == 2)
    let catalog = try StepBench.run(
      SourceCatalogStep.self, [mosaic], [("psf", "False"), ("max_radius", "12")])
    let zeroPoint = try #require(catalog.work.tables.first?.header.double("ZPAB"))
    #expect(abs(zeroPoint - 25 - 2.5 * log10(2)) < 1e-9)
  }
}
