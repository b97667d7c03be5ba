import Astrometry
import DataModels
import FITSIO
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// World coordinates through the imager pipeline.
@Suite struct AssignWCSTests {
  private static let scale = 0.004
  private static let pointing: [Card] = [
    Card("RA", 250.0), Card("DEC", 36.5), Card("PA_IMAG", 30.0), Card("SCALE", 0.004),
  ]
  private static func tangent(x: Double, y: Double, angle: Double = 30) -> [Card] {
    TangentPlane(at: SkyPosition(ra: 250, dec: 36.5)).cards(
      reference: PixelPosition(x: x, y: y), scale: scale, positionAngle: angle)
  }

  private func same(_ a: SkyWCS, _ b: SkyWCS) -> Bool {
    let pixels = [PixelPosition(x: 1, y: 1), PixelPosition(x: 8, y: 4)]
    return zip(a.sky(atFITSPixels: pixels), b.sky(atFITSPixels: pixels)).allSatisfy { first, second in
      let offset = TangentPlane(at: first).offset(of: second)
      return abs(offset.east) < 1e-6 && abs(offset.north) < 1e-6
    }
  }

  @Test(arguments: [true, false])
  func cardsOfEitherHeaderGoToTheImage(_ isInPrimary: Bool) throws {
    let bench = try Bench()
    let cards = Self.tangent(x: 4.5, y: 2.5)
    let science = try bench.frame("sci.fits", value: 100, cards: isInPrimary ? cards : []) { model in
      if !isInPrimary { model.scienceHeader.cards += cards }
    }
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    #expect(report.steps.first { $0.name == "assign_wcs" }?.status == .complete)
    let product = try bench.product()
    #expect(product.header.string("S_WCS") == "COMPLETE")
    #expect(!product.header.cards.contains { WCSCards.isImageKeyword($0.keyword) })
    #expect(same(try SkyWCS(cards: product.scienceHeader.cards), try SkyWCS(cards: cards)))
    #expect(product.scienceHeader.string("S_REGION")?.hasPrefix("POLYGON ICRS 250.0") == true)
    #expect(abs((product.scienceHeader.double("PIXAR_A2") ?? 0) - 1.6e-5) < 1e-10)
    #expect(product.scienceHeader.double("ORIENTAT") == 30)
    #expect(product.scienceHeader.cards.filter { $0.keyword == "WCSAXES" }.count == 1)
  }

  @Test func framesWithoutCardsGetThemFromTheirPointing() throws {
    let bench = try Bench()
    let offsets = [Card("XOFFSET", 2.0), Card("YOFFSET", -3.0)]
    let science = try bench.frame("sci.fits", value: 100, cards: Self.pointing + offsets)
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    #expect(
      report.notes.contains { $0.contains("made of RA, DEC with the telescope's offset, PA and SCALE") })
    let wcs = try SkyWCS(cards: try bench.product().scienceHeader.cards)
    let centre = wcs.sky(atFITSPixels: [PixelPosition(x: 4.5, y: 2.5)])[0]
    let offset = TangentPlane(at: SkyPosition(ra: 250, dec: 36.5)).offset(of: centre)
    #expect(abs(offset.east - 2) < 1e-6 && abs(offset.north + 3) < 1e-6)
    let geometry = wcs.geometry(atFITSPixel: PixelPosition(x: 4.5, y: 2.5))
    #expect(abs(geometry.positionAngle - 30) < 1e-5 && geometry.isEastLeft)
    #expect(abs(geometry.scaleArcsec - 0.004) < 1e-9)
  }

  /// A built system is the detector's, whatever the window; cards are the image's own unless the parameter says else.
  @Test func subarraysSeeTheirPartOfTheSky() throws {
    let bench = try Bench()
    let window = [
      Card("SUBARRAY", "CUSTOM"), Card("SUBARRID", 1), Card("SUBSTRT1", 11), Card("SUBSTRT2", 21),
      Card("SUBSIZE1", 8), Card("SUBSIZE2", 4), Card("DETXSIZE", 64), Card("DETYSIZE", 32),
    ]
    let wanted = try SkyWCS(cards: Self.tangent(x: 32.5 - 10, y: 16.5 - 20))
    let built = try bench.frame("built.fits", value: 1, cards: Self.pointing + window)
    _ = try bench.run(.imagerLevel2, [(built, .science)], product: "built_cal.fits")
    #expect(same(try SkyWCS(cards: try bench.product("built_cal.fits").scienceHeader.cards), wanted))
    let full = try bench.frame("full.fits", value: 1, cards: window + Self.tangent(x: 32.5, y: 16.5))
    _ = try bench.run(
      .imagerLevel2, [(full, .science)], settings: ["assign_wcs.crpix": "detector"], product: "moved.fits")
    #expect(same(try SkyWCS(cards: try bench.product("moved.fits").scienceHeader.cards), wanted))
    _ = try bench.run(.imagerLevel2, [(full, .science)], product: "kept.fits")
    let kept = try SkyWCS(cards: try bench.product("kept.fits").scienceHeader.cards)
    #expect(same(kept, try SkyWCS(cards: Self.tangent(x: 32.5, y: 16.5))))
  }

  @Test(arguments: ["RA", "DEC", "PA_IMAG", "SCALE"])
  func framesWithNeitherAreSkipped(_ missing: String) throws {
    let bench = try Bench()
    let science = try bench.frame(
      "sci.fits", value: 100, cards: Self.pointing.filter { $0.keyword != missing })
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    let step = try #require(report.steps.first { $0.name == "assign_wcs" })
    #expect(step.status == .skipped)
    #expect(
      step.reason
        == "sci.fits has no world coordinates, and the header lacks \(missing.prefix(2) == "PA" ? "PA" : missing)"
    )
    #expect(try bench.product().header.string("S_WCS") == "SKIPPED")
  }

  @Test func unusableCardsAreReplacedAndDegrade() throws {
    let bench = try Bench()
    let broken = Self.tangent(x: 4.5, y: 2.5).filter { $0.keyword != "CRVAL2" }
    let science = try bench.frame("sci.fits", value: 100, cards: Self.pointing + broken)
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    #expect(report.degraded.contains { $0.contains("CRVAL2") })
    #expect(
      same(
        try SkyWCS(cards: try bench.product().scienceHeader.cards),
        try SkyWCS(cards: Self.tangent(x: 4.5, y: 2.5))))
  }

  @Test func scalesThatDisagreeDegrade() throws {
    let bench = try Bench()
    let cards = Self.tangent(x: 4.5, y: 2.5) + [Card("SCALE", 0.009)]
    let science = try bench.frame("sci.fits", value: 100, cards: cards)
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    #expect(report.degraded.contains { $0.contains("0.004 arcsec/pixel") && $0.contains("0.009") })
  }

  /// SIP, PC and the frame survive a second reduction unchanged.
  @Test func reducingAgainChangesNothing() throws {
    let bench = try Bench()
    let sip = [
      Card("A_ORDER", 2), Card("B_ORDER", 2), Card("A_2_0", 1e-4), Card("B_1_1", -2e-4),
      Card("EPOCH", 1950.0),
    ]
    let science = try bench.frame("sci.fits", value: 100, cards: Self.tangent(x: 4.5, y: 2.5) + sip) {
      $0.header.remove("RADESYS")
    }
    _ = try bench.run(.imagerLevel2, [(science, .science)], product: "one.fits")
    let one = try bench.product("one.fits")
    _ = try bench.run(.imagerLevel2, [("\(bench.path)/out/one.fits", .science)], product: "two.fits")
    let two = try bench.product("two.fits")
    #expect(one.scienceHeader == two.scienceHeader)
    #expect(one.scienceHeader.string("CTYPE1") == "RA---TAN-SIP")
    #expect(one.scienceHeader.string("RADESYS") == "FK4")
    #expect(one.scienceHeader.double("EQUINOX") == 1950)
    #expect(one.header.double("EQUINOX") == 1950 && one.header["EPOCH"] == nil)
  }

  /// The documented cfg skips the step: the coordinates still leave the header without image.
  @Test func skippedStepsLeaveTheCardsToTheImage() throws {
    let bench = try Bench()
    let cards = Self.tangent(x: 4.5, y: 2.5)
    let science = try bench.frame("sci.fits", value: 100, cards: cards)
    _ = try bench.run(.imagerLevel2, [(science, .science)], skip: ["assign_wcs"])
    let product = try bench.product()
    #expect(product.header["CRPIX1"] == nil)
    #expect(product.header.string("S_WCS") == "SKIPPED")
    #expect(same(try SkyWCS(cards: product.scienceHeader.cards), try SkyWCS(cards: cards)))
    #expect(product.scienceHeader["S_REGION"] == nil)
  }

  @Test func theStepRunsAloneByItsNames() throws {
    for name in [
      "assign_wcs", "jwst.assign_wcs.AssignWcsStep", "liger_iris_pipeline.assign_wcs.AssignWCSStep",
    ] {
      guard case .step(let step) = try PipelineCatalog.registry.target(named: name) else {
        Issue.record("\(name) is no step")
        continue
      }
      #expect(step.declaration.name == "assign_wcs")
    }
  }
}
