import FITSStructure
import Foundation
import Metadata
import Testing

@Suite struct FrameMetadataTests {
  @Test func ownGeneration() throws {
    let frame = FrameMetadata(primary: imagerScience())
    #expect(frame.obsType == "SCI")
    #expect(frame.obsName == "IMG1-SCI")
    #expect(frame.detector == "IMG1")
    #expect(frame.instrumentMode == "IMG")
    #expect(frame.filter == "K" && frame.pupil == "CLEAR" && frame.grating == nil)
    #expect(frame.scale == "0.004")
    #expect(frame.exposureSeconds == 60)
    #expect(frame.program == "P003" && frame.programNumber == "P003" && frame.semester == "2026B")
    #expect(frame.observation == "012" && frame.observationNumber == "012")
    #expect(frame.exposureNumber == 7 && frame.level == 1)
    #expect(frame.nints == 1 && frame.ngroups == 16 && frame.nreads == 16 && frame.ncoadds == 2)
    #expect(frame.readMode == "MCDS")
    #expect(frame.subarray == SubarrayWindow(id: 0, x0: 0, y0: 0, width: 512, height: 512))
    #expect(frame.subarray?.description == "[1:512,1:512]")
    #expect(frame.ra == 250.4235 && frame.dec == 36.4613)
    #expect(frame.dateBegin == FITSDate.parse("2026-07-14T09:12:44.7"))
    #expect(frame.dateEnd == FITSDate.parse("2026-07-14T09:13:44.7"))
    #expect(frame["exposure.time"] == .double(60))
    #expect(frame["no.such.path"] == nil)
    #expect(!frame.isAborted && !frame.isReadout && frame.isSky == nil)
    #expect(frame.problems(kind: "rate").isEmpty)
  }

  /// The header of a frame written by the newer reference pipeline.
  @Test func newerGeneration() throws {
    let frame = FrameMetadata(primary: [
      Card("INSTRUME", "IRIS"), Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("IMTYPE", "SCI"),
      Card("EXPTIME", 300.0), Card("EXPNUM", 1), Card("EXPJDST", 2_460_577.5002314816),
      Card("EXPJDEND", 2_460_577.503703704), Card("EXPDTST", "20240924000020"),
      Card("EXPDTEND", "20240924000520"),
      Card("NFRAMES", 3), Card("NGROUPS", 2), Card("NREADS", 10), Card("DETXSIZ", 4096), Card("PROGNUM", 12),
      Card("OBSNUM", "7"), Card("PROGPI", "Wright"), Card("PROGTITL", "A title"), Card("DTOTOFF1", -1.5),
      Card("DTOTOFF2", 2), Card("PATT_NUM", 2), Card("NUMDTHPT", 9), Card("SUBARRAY", "FULL"),
    ])
    #expect(frame.imageType == "SCI" && frame.obsName == nil)
    #expect(frame.nints == 2 && frame.nreads == 10 && frame.ncoadds == 3)
    #expect(frame.integer("detector.x_size") == 4096)
    #expect(frame.program == "12" && frame.observation == "7")
    #expect(frame.string("program.pi") == "Wright" && frame.string("program.title") == "A title")
    #expect(frame.xOffset == -1.5 && frame.yOffset == 2)
    #expect(frame.ditherPosition == 2 && frame.ditherCount == 9)
    let begin = try #require(frame.dateBegin)
    #expect(abs(begin.timeIntervalSince(try #require(FITSDate.parse("2024-09-24T00:00:20")))) < 1e-3)
    #expect(abs(try #require(frame.dateEnd).timeIntervalSince(begin) - 300) < 1e-3)
    #expect(frame.problems().isEmpty)
  }

  @Test func detectorOf2020() {
    let frame = frame(["DETECTOR": "IRIS1", "DATE-OBS": "2015-10-11", "TIME-OBS": "01:02:03.5"])
    #expect(frame.detector == "IMG1" && frame.detectorLiteral == "IRIS1" && frame.instrumentMode == "IMG")
    #expect(frame.dateBegin == FITSDate.parse("2015-10-11T01:02:03.5"))
  }

  @Test(arguments: [("SLC", "IFU", "SLICER"), ("LEN", "IFU", "LENSLET"), ("IMG3", "IMG3", "IMG")])
  func readoutDetector(_ id: String, _ detector: String, _ mode: String) {
    let frame = frame(["DET_ID": id])
    #expect(frame.detector == detector && frame.instrumentMode == mode && frame.readoutDetectorID == id)
  }

  @Test func modeFromItsOtherNames() {
    #expect(frame(["DETECTOR": "IFU", "IFSMODE": "lenslet"]).instrumentMode == "LENSLET")
    #expect(frame(["DETECTOR": "IFU"]).instrumentMode == nil)
    #expect(frame(["DETECTOR": "IFU", "OBSNAME": "SLI-SCI"]).instrumentMode == "SLICER")
    #expect(frame(["OBSNAME": "LEN-SKY"]).detector == "IFU")
    #expect(frame(["OBSNAME": "LEN-SKY"]).isSky == true)
  }

  /// The first part of its OBSNAME is one of its detectors only.
  @Test func combinationsOfDetectorsAreOfNone() {
    let frame = frame(["OBSNAME": "IMG1-SCI", "DETECTRS": "IMG1,IMG2"])
    #expect(frame.detector == nil && frame.instrumentMode == "IMG")
  }

  @Test func julianDateWhateverTheCommentSays() {
    let julian = FrameMetadata(primary: [Card("EXPJDST", 2_460_577.5, comment: "Exposure start time in MJD")])
    let modified = FrameMetadata(primary: [Card("EXPJDST", 60_577.0, comment: "Exposure start time in MJD")])
    #expect(julian.dateBegin == modified.dateBegin)
    #expect(julian.dateBegin == FITSDate.parse("2024-09-24"))
  }

  @Test func dateWithoutTimeGivesWayToOneWithTime() {
    let both = frame(["DATE-OBS": "2024-09-24", "EXPDTST": "20240924112233"])
    #expect(both.dateBegin == FITSDate.parse("2024-09-24T11:22:33"))
    #expect(frame(["DATE-OBS": "2024-09-24"]).dateBegin == FITSDate.parse("2024-09-24"))
  }

  @Test func firstImageExtensionCountsWhenThePrimaryIsSilent() {
    let frame = FrameMetadata(
      primary: [Card("FILTER", "K")],
      extensions: [
        [Card("XTENSION", "BINTABLE"), Card("EXPTIME", 1.0)],
        [Card("XTENSION", "IMAGE"), Card("EXPTIME", 2.0), Card("FILTER", "J")],
        [Card("XTENSION", "IMAGE"), Card("EXPTIME", 3.0)],
      ])
    #expect(frame.exposureSeconds == 2 && frame.filter == "K")
  }

  @Test func wrongTypesReadAsNothingAndAreReported() {
    let frame = FrameMetadata(primary: [
      Card("EXPTIME", "long"), Card("EXPNUM", 1.5), Card("FILTER", 3), Card("ISSKY", "maybe"),
      Card("DATE-OBS", "2024-13-40"), Card("RA", "12h"), Card("DATALVL", .undefined),
      Card("GAIN", .text("3,04")),
    ])
    #expect(frame.exposureSeconds == nil && frame.exposureNumber == nil && frame.filter == nil)
    #expect(frame.isSky == nil && frame.dateBegin == nil && frame.ra == nil && frame.level == nil)
    let problems = Set(frame.problems().map(\.keyword))
    #expect(problems == ["EXPTIME", "EXPNUM", "FILTER", "ISSKY", "DATE-OBS", "RA", "GAIN"])
  }

  @Test func sexagesimalCoordinates() throws {
    let frame = frame(["RA": "04:29:31.10", "DEC": "-00:04:51.6"])
    #expect(abs(try #require(frame.ra) - 67.379583333) < 1e-6)
    #expect(abs(try #require(frame.dec) + 0.081) < 1e-9)
  }

  @Test func firstOfRepeatedKeywordsCounts() {
    let frame = FrameMetadata(primary: [Card("FILTER", "K"), Card("FILTER", "J")])
    #expect(frame.filter == "K")
  }

  @Test func programmeWithItsSemester() {
    let frame = frame(["PROGRAM": "2026B-P003", "SEMID": "2026B"])
    #expect(frame.program == "2026B-P003" && frame.programNumber == "P003")
  }

  @Test func readoutTimes() throws {
    let reset = 60_577.0 * 86_400e6
    let cards = [
      Card("DET_ID", "IMG1"), Card("EXP_NO", 12), Card("RAMP_NO", 1), Card("READ_NO", 3),
      Card("READTIME", .integer(Int64(reset) + 2_160_000)), Card("RST_TIME", .integer(Int64(reset))),
      Card("FRM_TIME", 720_000), Card("COMPLETE", true), Card("XSIZE", 64), Card("YSIZE", 32),
      Card("XSTART", 1),
      Card("YSTART", 5),
    ]
    let frame = FrameMetadata(primary: cards)
    #expect(frame.isReadout && frame.isReadoutComplete == true)
    #expect(frame.secondsSinceReset == 2.16)
    #expect(frame.frameTimeMicroseconds == 720_000)
    #expect(frame.exposureNumber == 12 && frame.rampNumber == 1 && frame.readNumber == 3)
    #expect(frame.subarray == SubarrayWindow(id: 0, x0: 0, y0: 4, width: 64, height: 32))
    let begin = try #require(frame.dateBegin)
    #expect(abs(begin.timeIntervalSince(try #require(FITSDate.parse("2024-09-24T00:00:02.16")))) < 1e-5)
    #expect(frame.problems().isEmpty)
    let inSeconds = FrameMetadata(primary: [Card("DATALVL", 1), Card("READTIME", 9.5), Card("RST_TIME", 2.0)])
    #expect(inSeconds.secondsSinceReset == 7.5 && inSeconds.readDate == nil)
  }

  @Test(arguments: [("UTR", 8), ("CDS", 2), ("MDS", 16), ("MCDS", 16)])
  func expectedReads(_ mode: String, _ reads: Int) {
    #expect(frame(["SAMPMODE": mode], [Card("NUMREADS", 8)]).expectedReads == reads)
    #expect(frame(["SAMPMODE": mode], [Card("NUMREADS", 8), Card("READS", 5)]).expectedReads == 5)
  }

  @Test func abortedExposures() {
    func isAborted(_ cards: [Card]) -> Bool { FrameMetadata(primary: cards).isAborted }
    #expect(isAborted([Card("EXPTIME", 30.0), Card("EXPREQ", 60.0)]))
    #expect(!isAborted([Card("EXPTIME", 59.9), Card("EXPREQ", 60.0)]))
    #expect(isAborted([Card("EXPTIME", 10.0), Card("RAMPINTT", 60.0)]))
    #expect(!isAborted([Card("EXPTIME", 120.0), Card("RAMPINTT", 60.0)]))
    #expect(isAborted([Card("EXPTIME", 60.0), Card("ABORTED", true)]))
    #expect(!isAborted([Card("EXPTIME", 60.0)]))
  }

  @Test func dataQualityIsOneOfThree() {
    #expect(frame(["DATAQUAL": "bad"]).dataQuality == "BAD")
    #expect(frame(["DATAQUAL": "so-so"]).dataQuality == nil)
    #expect(frame(["DATAQUAL": "so-so"]).problems().map(\.keyword) == ["DATAQUAL"])
  }

  @Test func aliasesOfForeignInstruments() {
    let foreign = FrameMetadata(primary: [Card("ITIME", 0.45), Card("DETECTOR", "IR")])
    let adapted = foreign.adapted(
      aliases: ["EXPTIME": "ITIME", "FILTER": "NONE"], constants: ["DETECTOR": "NIRC2"])
    #expect(adapted.exposureSeconds == 0.45 && adapted.detector == "NIRC2" && adapted.filter == nil)
    #expect(foreign.exposureSeconds == nil)
  }
}
