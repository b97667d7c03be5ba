import Metadata
import Testing

@Suite struct KeywordSchemaTests {
  @Test func everyKeywordOfTheContractIsKnown() {
    let contract = """
      FILENAME DATE ORIGIN TELESCOP INSTRUME DATAMODL DATALVL DATAQUAL DRSVER OBSTYPE OBSNAME IMTYPE
      EXP_TYPE PROGRAM PROGNUM SEMID OBSERVTN OBSNUM OBS_ID PI_NAME PROGPI TITLE PROGTITL OBJECT RA DEC
      EQUINOX DATE-OBS TIME-OBS DATE-BEG DATE-END EXPDTST EXPJDST EXPTIME EXPNUM READMODE READPATT NINTS
      NGROUPS NREADS NFRAMES NCOADDS TFRAME TGROUP AIRMASS DETECTOR INSTMODE FILTER PUPIL GRATING SCALE
      WAVEMIN WAVECEN WAVEMAX SPECRES IFSMODE IFSSCALE SAMPMODE RAMPINTT LAMPNAME LAMPSTAT DITHNUM
      NDITHER PATT_NUM NUMDTHPT DITHNO IFRAME IFRAMES SFRAME SFRAMES XOFFSET YOFFSET DTOTOFF1 DTOTOFF2
      SEQ_ID BKGDTARG ISSKY OBJPOS SKYPOS OBJFRAME SKYFRAME PA PA_IMAG PA_IFS SUBARRAY SUBARRID SUBSTRT1
      SUBSTRT2 SUBSIZE1 SUBSIZE2 DETXSIZE DETXSIZ DETYSIZE DETYSIZ FASTAXIS SLOWAXIS CTYPE1 CRPIX2
      CRVAL3 CD1_2 PC2_1 CDELT1 CUNIT2 RADESYS S_DQINIT S_NLCORR S_RAMP S_DARK S_FLAT S_BKDSUB S_WCS
      S_PHOTOM S_RESAMP S_PARSSA S_MERGSA S_NORMAL R_DARK R_FLAT R_MASK R_NONLIN CRDS_CTX CRDS_VER
      ASNTABLE ASNPOOL ASNNAME ASNTYPE REFTYPE PEDIGREE DESCRIP AUTHOR USEAFTER DET_ID EXP_NO RAMP_NO
      READ_NO COMPLETE READTIME RST_TIME FRM_TIME NUMREADS NUMRAMPS SARRMODE XSTART YSTART XSIZE YSIZE
      GAIN READNOIS READS
      """
    for keyword in contract.split(whereSeparator: \.isWhitespace).map(String.init) {
      #expect(KeywordSchema.standard.definition(keyword: keyword) != nil, "\(keyword)")
    }
  }

  @Test func bothGenerationsShareOnePath() {
    let schema = KeywordSchema.standard
    for (first, second) in [
      ("PROGRAM", "PROGNUM"), ("XOFFSET", "DTOTOFF1"), ("DETXSIZE", "DETXSIZ"), ("IMTYPE", "EXP_TYPE"),
      ("DITHNUM", "PATT_NUM"),
    ] {
      #expect(schema.definition(keyword: first)?.path == schema.definition(keyword: second)?.path)
    }
  }

  @Test func unitsAndDescriptionsAreThere() throws {
    let time = try #require(KeywordSchema.standard.definition(keyword: "EXPTIME"))
    #expect(time.unit == "s")
    #expect(time.ucd == "time.duration;obs.exposure")
    #expect(time.range == 0...1_000_000)
    #expect(
      KeywordSchema.standard.definitions.allSatisfy { !$0.summary.isEmpty && $0.keyword.utf8.count <= 8 })
    #expect(KeywordSchema.standard.required(for: "rate").map(\.keyword).contains("EXPTIME"))
  }

  @Test func anchorsAndPatternsAreWrittenOut() {
    #expect(
      KeywordSchema.standard.definition(keyword: "S_NORMAL")?.choices == ["COMPLETE", "SKIPPED", "FAILED"])
    #expect(KeywordSchema.standard.definition(keyword: "CD3_2")?.path == "wcs.cd3_2")
    #expect(KeywordSchema.standard.definition(keyword: "FILT4POS")?.summary.contains("4") == true)
  }

  @Test func nearMatches() {
    #expect(KeywordSchema.standard.near("EXPTIM").first == "EXPTIME")
    #expect(KeywordSchema.standard.near("FLITER").contains("FILTER"))
  }

  @Test(arguments: [
    "keywords: []", "group: x\nkeywords: [{keyword: A, path: a.b, type: colour, description: d}]", ": :",
    "group: x\nkeywords: [{keyword: A, path: a.b, type: string, description: d, unti: s}]",
    "group: x\nkeywords: [{keyword: A, path: a.b, type: double, description: d, range: [3, 1]}]",
    "group: x\nkeywords: [{keyword: A, type: string, description: d}]", "",
  ])
  func badSchemasAreRefused(_ yaml: String) {
    #expect { try KeywordSchema(yaml: [yaml]) } throws: { ($0 as? MetadataError)?.code == "bad-schema" }
  }

  @Test func twoClaimsOnOneNameAreRefused() {
    let yaml = """
      group: x
      keywords:
        - {keyword: A, path: a.a, type: string, description: d}
        - {keyword: B, aliases: [A], path: a.b, type: string, description: d}
      """
    #expect { try KeywordSchema(yaml: [yaml]) } throws: {
      ($0 as? MetadataError)?.code == "duplicate-keyword"
    }
  }
}
