import FITSStructure
import Foundation
import Metadata
import Testing

@Suite struct ProductNameTests {
  @Test func theExampleOfTheContract() {
    let frame = FrameMetadata(primary: imagerScience())
    #expect(
      ProductName.product(frame, level: 2, kind: "cal", rawFile: "x.fits")
        == "2026B-P003-012_IRIS_IMG1_SCI_LVL2_0007_20260714T0912447_cal.fits")
    #expect(
      ProductName.product(frame, level: 2, kind: "cal", rawFile: "x.fits", version: 2)
        == "2026B-P003-012_IRIS_IMG1_SCI_LVL2_0007_20260714T0912447_cal_v02.fits")
  }

  @Test func subarraysAreNumbered() {
    let cards = imagerScience().map { $0.keyword == "SUBARRID" ? Card("SUBARRID", 3) : $0 }
    let stem = ProductName.stem(FrameMetadata(primary: cards), level: 1)
    #expect(stem == "2026B-P003-012_IRIS_IMG1_SCI_LVL1_0007-03_20260714T0912447")
  }

  @Test(arguments: ["SEMID", "PROGRAM", "OBSERVTN", "EXPNUM", "DATE-OBS"])
  func rawStemWhenAPartIsMissing(_ keyword: String) {
    let frame = FrameMetadata(primary: imagerScience().filter { $0.keyword != keyword })
    let name = ProductName.product(frame, level: 1, kind: "rate", rawFile: "/in/night/raw_sci_0001.fits.gz")
    #expect(name == "raw_sci_0001_rate.fits")
  }

  @Test(arguments: ["../../etc/passwd", "P/3", "", "-P3", "P 3", "P'; DROP TABLE files;--", "P\u{0}", "é"])
  func nothingUnsafeReachesAPath(_ program: String) {
    let cards = imagerScience().map { $0.keyword == "PROGRAM" ? Card("PROGRAM", program) : $0 }
    let name = ProductName.product(
      FrameMetadata(primary: cards), level: 1, kind: "rate", rawFile: "../a b/we;ird'.fits")
    #expect(name == "we-ird_rate.fits")
  }

  @Test func partsAreChecked() {
    #expect(ProductName.isSafePart("A1.b+c-d") && ProductName.isSafePart(String(repeating: "a", count: 40)))
    for text in ["", "-a", ".a", "a_b", "a/b", "a b", String(repeating: "a", count: 41), "ä"] {
      #expect(!ProductName.isSafePart(text), "\(text)")
    }
  }

  @Test func byHandAsDocumented() {
    #expect(
      ProductName.byHand(inputFile: "raw_flat_frame_cal.fits", kind: "flat") == "raw_flat_frame_flat.fits")
    #expect(
      ProductName.byHand(productName: "test_iris_subtract_bg_flat", kind: "cal")
        == "test_iris_subtract_bg_flat_cal.fits")
    #expect(ProductName.byHand(inputFile: "sample.fits", kind: "rate") == "sample_rate.fits")
  }

  @Test func combinationsAndReferences() {
    #expect(
      ProductName.combination(
        program: "P003", observation: "012", isImager: true, object: "M 13 / core", filter: "K",
        association: "a3001", kind: "i2d") == "P003-012_IRIS_IMG_M-13-core_K_LVL3_a3001_i2d.fits")
    #expect(
      ProductName.combination(
        program: nil, observation: "../", isImager: false, object: " ", filter: nil, association: "x",
        kind: "s3d")
        == "unknown-unknown_IRIS_IFU_unknown_unknown_LVL3_x_s3d.fits")
    #expect(ProductName.reference(type: "DARK", number: 12) == "tmt_iris_dark_0012.fits")
  }

  @Test func versions() {
    #expect(ProductName.versioned("a_cal.fits", 1) == "a_cal.fits")
    #expect(ProductName.versioned("a_cal.fits", 3) == "a_cal_v03.fits")
    #expect(ProductName.versioned("a_cal_v03.fits", 12) == "a_cal_v12.fits")
    #expect(ProductName.versioned("a_cal_v03.fits", 1) == "a_cal.fits")
  }
}

@Suite struct NightNameTests {
  @Test(arguments: [
    ("2026-07-13T21:59:59", "2026-07-13"), ("2026-07-13T22:00:00", "2026-07-14"),
    ("2026-07-14T09:12:44", "2026-07-14"), ("2026-07-14T21:59:59", "2026-07-14"),
  ])
  func hawaii(_ time: String, _ night: String) throws {
    #expect(NightName.hawaii.night(of: try #require(FITSDate.parse(time))) == night)
  }

  /// Chile: local noon is about 16:00 UT, midnight about 04:00 UT. A site whose noon is at 03:00 UT names
  /// alike.
  @Test func otherLongitudes() throws {
    let chile = try NightName(turnover: "16:00")
    #expect(chile.night(of: try #require(FITSDate.parse("2026-07-13T23:00:00"))) == "2026-07-14")
    let east = try NightName(turnover: "03:00")
    #expect(east.night(of: try #require(FITSDate.parse("2026-07-13T15:00:00"))) == "2026-07-13")
    #expect(east.night(of: try #require(FITSDate.parse("2026-07-14T02:59:00"))) == "2026-07-13")
  }

  @Test(arguments: ["22:00", "16:00", "03:00", "00:00", "12:00"])
  func intervalsHoldTheirNight(_ turnover: String) throws {
    let name = try NightName(turnover: turnover)
    let interval = try #require(name.interval(of: "2026-07-14"))
    #expect(name.night(of: interval.start) == "2026-07-14")
    #expect(name.night(of: interval.end.addingTimeInterval(-1)) == "2026-07-14")
    #expect(name.night(of: interval.end) == "2026-07-15")
    #expect(name.interval(of: "last night") == nil)
  }

  @Test func badTurnover() {
    #expect { try NightName(turnover: "25:00") } throws: { ($0 as? MetadataError)?.code == "bad-turnover" }
  }
}

@Suite struct CRDSHeaderTests {
  @Test func bothNames() {
    let header = CRDSHeader(FrameMetadata(primary: imagerScience()))
    for (keyword, path, value) in [
      ("DETECTOR", "META.INSTRUMENT.DETECTOR", "IMG1"), ("FILTER", "META.INSTRUMENT.FILTER", "K"),
      ("PUPIL", "META.INSTRUMENT.PUPIL", "CLEAR"), ("SCALE", "META.INSTRUMENT.SCALE", "0.004"),
      ("INSTMODE", "META.INSTRUMENT.MODE", "IMG"), ("SUBARRAY", "META.SUBARRAY.NAME", "FULL"),
      ("SUBSTRT1", "META.SUBARRAY.XSTART", "1"), ("SUBSIZE2", "META.SUBARRAY.YSIZE", "512"),
      ("READMODE", "META.EXPOSURE.READMODE", "MCDS"), ("NGROUPS", "META.EXPOSURE.NGROUPS", "16"),
      ("NCOADDS", "META.EXPOSURE.NCOADDS", "2"), ("EXPTIME", "META.EXPOSURE.TIME", "60"),
      ("DATE-OBS", "META.OBSERVATION.DATE", "2026-07-14"),
      ("TIME-OBS", "META.OBSERVATION.TIME", "09:12:44.700"),
    ] {
      #expect(header[keyword] == value && header[path] == value, "\(keyword)")
    }
    #expect(header["GRATING"] == nil && header["META.INSTRUMENT.GRATING"] == nil)
  }

  @Test func theDetectorIsLiteral() {
    #expect(CRDSHeader(frame(["DETECTOR": "IRIS1"]))["META.INSTRUMENT.DETECTOR"] == "IRIS1")
    #expect(CRDSHeader(frame(["DET_ID": "SLC"]))["META.INSTRUMENT.DETECTOR"] == "IFU")
  }
}
