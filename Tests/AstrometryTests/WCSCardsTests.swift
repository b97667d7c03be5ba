import Astrometry
import FITSStructure
import Testing

/// What is mended in the cards of a coordinate system, and what is refused.
@Suite struct WCSCardsTests {
  private static var plain: KeyValuePairs<String, Any> {
    [
      "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 1, "CRPIX2": 1, "CRVAL1": 10, "CRVAL2": 20,
      "CDELT1": -1e-5, "CDELT2": 1e-5,
    ]
  }

  private func wcs(_ more: [Card], without: [String] = []) throws(AstrometryError) -> SkyWCS {
    try SkyWCS(cards: cards(Self.plain).filter { !without.contains($0.keyword) } + more)
  }

  private func text(_ keyword: String, _ wcs: SkyWCS) -> String? {
    wcs.cards.first { $0.keyword == keyword }?.string
  }

  private func number(_ keyword: String, _ wcs: SkyWCS) -> Double? {
    wcs.cards.first { $0.keyword == keyword }?.double
  }

  @Test(arguments: [
    ("CTYPE1", true), ("CTYPE2A", true), ("CD1_2", true), ("PC001002", true), ("PV2_15", true),
    ("A_ORDER", true),
    ("BP_1_2", true), ("A_DMAX", true), ("WCSAXES", true), ("LONPOLE", true), ("WCSNAMEB", true),
    ("CROTA2", true),
    ("CPDIS1", true), ("RADESYS", false), ("EQUINOX", false), ("PA", false), ("CDATE", false),
    ("PCOUNT", false),
    ("A_FLAG", false), ("PS", false), ("CD1", false), ("DP", false), ("DQ", false), ("AIRMASS", false),
    ("", false),
  ])
  func keywordsAreKnown(_ keyword: String, _ isImage: Bool) {
    #expect(WCSCards.isImageKeyword(keyword) == isImage)
  }

  @Test func unitsAxesAndFrameAreSaid() throws {
    let plain = try wcs([])
    #expect(plain.cards.first == Card("WCSAXES", 2, comment: "world axes"))
    #expect(text("CUNIT1", plain) == "deg" && text("CUNIT2", plain) == "deg")
    #expect(text("RADESYS", plain) == "ICRS" && plain.frame == "ICRS")
    #expect(plain.remarks == [])
    #expect(try wcs([Card("RADECSYS", "fk5"), Card("EQUINOX", "J2000.0")]).frame == "FK5")
    #expect(try wcs([Card("EQUINOX", 2000.0)]).frame == "ICRS")
    #expect(try wcs([Card("EQUINOX", 1950.0)]).frame == "FK4")
    #expect(try number("EQUINOX", wcs([Card("EQUINOX", 2015.5)])) == 2015.5)
    let old = try wcs([Card("EPOCH", 1950.0)])
    #expect(old.frame == "FK4" && number("EQUINOX", old) == 1950 && number("EPOCH", old) == nil)
    #expect(try text("CUNIT1", wcs([Card("CUNIT1", "DEGREE")])) == "deg")
  }

  @Test func numbersWrittenAsTextAreRead() throws {
    let mended = try wcs([Card("CRVAL1", " 10.5 ")], without: ["CRVAL1"])
    #expect(number("CRVAL1", mended) == 10.5)
    #expect(mended.remarks.count == 1)
    #expect(code { try wcs([Card("CRVAL1", "ten")], without: ["CRVAL1"]) } == "wcs-invalid")
  }

  @Test func rotationsBecomeMatrices() throws {
    let mended = try wcs([Card("CROTA2", 30.0)])
    #expect(abs((number("PC1_2", mended) ?? 0) - 0.5) < 1e-15)
    #expect(number("CROTA2", mended) == nil)
    let old = try wcs([
      Card("PC001001", 0.8), Card("PC002001", 0.6), Card("PC001002", -0.6), Card("PC002002", 0.8),
    ])
    #expect(number("PC2_1", old) == 0.6)
    #expect(try number("CDELT1", wcs([Card("CD1_1", -1e-6), Card("CD2_2", 1e-6)])) == nil)
    #expect(code { try wcs([Card("CD1_1", 1.0), Card("PC1_1", 1.0)]) } == "wcs-invalid")
  }

  @Test func distortionsAreSaidInTheAxisTypes() throws {
    let silent = cards(SkyWCSTests.distorted).map { card in
      card.string.map { Card(card.keyword, String($0.prefix(8))) } ?? card
    }
    let (said, unsaid) = (try SkyWCS(cards: cards(SkyWCSTests.distorted)), try SkyWCS(cards: silent))
    let pixels = [PixelPosition(x: 1, y: 999)]
    #expect(said.sky(atFITSPixels: pixels) == unsaid.sky(atFITSPixels: pixels))
    #expect(text("CTYPE1", unsaid) == "RA---TAN-SIP" && unsaid.remarks.count == 2)
    let none = try wcs(
      [Card("CTYPE1", "RA---TAN-SIP"), Card("CTYPE2", "DEC--TAN-SIP")], without: ["CTYPE1", "CTYPE2"])
    #expect(text("CTYPE1", none) == "RA---TAN")
  }

  @Test func furtherAxesAreLeftOut() throws {
    let cube = try wcs([
      Card("WCSAXES", 3), Card("CTYPE3", "WAVE"), Card("CRPIX3", 1.0), Card("CRVAL3", 1.0),
      Card("CD3_3", 1.0),
    ])
    #expect(!cube.cards.contains { $0.keyword.hasSuffix("3") })
    #expect(cube.remarks.count == 1)
  }

  @Test func whatCannotBeUsedIsRefused() {
    #expect(code { try SkyWCS(cards: [Card("OBJECT", "M13")]) } == "wcs-missing")
    #expect(code { try wcs([], without: ["CRVAL2"]) } == "wcs-incomplete")
    #expect(code { try wcs([], without: ["CDELT1"]) } == "wcs-incomplete")
    #expect(code { try wcs([Card("CDELT1", 0.0)], without: ["CDELT1"]) } == "wcs-singular")
    #expect(code { try wcs([Card("CTYPE1", "LINEAR")], without: ["CTYPE1"]) } == "wcs-invalid")
    let linear = [Card("CTYPE1", "LINEAR"), Card("CTYPE2", "LINEAR")]
    #expect(code { try wcs(linear, without: ["CTYPE1", "CTYPE2"]) } == "wcs-not-celestial")
    #expect(code { try wcs([Card("CTYPE1", "RA---XXX")], without: ["CTYPE1"]) } == "wcs-invalid")
    #expect(code { try wcs([Card("CRVAL2", 1e300)], without: ["CRVAL2"]) } == "wcs-invalid")
  }

  private func code(_ body: () throws -> SkyWCS) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? AstrometryError)?.code
    }
  }

  @Test func productsSayAreaAngleAndFootprint() throws {
    let found = try wcs([]).productCards(width: 10, height: 10)
    let derived = found.filter { SkyWCS.derivedKeywords.contains($0.keyword) }.map(\.keyword)
    #expect(derived == ["PIXAR_A2", "PIXAR_SR", "ORIENTAT", "S_REGION"])
    let area = found.first { $0.keyword == "PIXAR_A2" }?.double ?? 0
    #expect(area == 0.001296)
  }
}
