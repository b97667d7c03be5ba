import FITSStructure
import Metadata
import Testing

@Suite struct ClassifierTests {
  private let classifier: Classifier

  init() throws {
    classifier = try shippedClassifier()
  }

  /// The table of the data contract, with the setup each name needs.
  static let names: [(String, String, String, String)] =
    (1...4).flatMap { n in
      [("NFF", "CAL"), ("DRK", "CAL"), ("TEL", "CAL"), ("SCI", "SCI"), ("SKY", "SCI")].map {
        ("IMG\(n)-\($0.0)", $0.1, "IMG\(n)", "IMG")
      }
    } + [
      ("SLI-NFF", "CAL", "IFU", "SLICER"), ("LEN-SPX", "CAL", "IFU", "LENSLET"),
      ("SLI-DRK", "CAL", "IFU", "SLICER"),
      ("LEN-DRK", "CAL", "IFU", "LENSLET"), ("SLI-TEL", "CAL", "IFU", "SLICER"),
      ("LEN-TEL", "CAL", "IFU", "LENSLET"),
      ("SLI-IDP", "ENG", "IFU", "SLICER"), ("LEN-IDP", "ENG", "IFU", "LENSLET"),
      ("LEN-SCI", "SCI", "IFU", "LENSLET"),
      ("SLI-SCI", "SCI", "IFU", "SLICER"), ("LEN-SKY", "SCI", "IFU", "LENSLET"),
      ("SLI-SKY", "SCI", "IFU", "SLICER"),
      ("LEN-ARC", "CAL", "IFU", "LENSLET"), ("SLI-ARC", "CAL", "IFU", "SLICER"),
      ("IMG1-PIN", "CAL", "IMG1", "IMG"),
      ("IMG1-STD", "CAL", "IMG1", "IMG"),
    ]

  @Test(arguments: names)
  func declaredNames(_ name: String, _ type: String, _ detector: String, _ mode: String) {
    let header = frame([
      "OBSTYPE": type, "OBSNAME": name, "DETECTOR": detector, "INSTMODE": mode, "INSTRUME": "IRIS",
    ])
    let result = classifier.classify(header)
    #expect(result.state == .classified && result.obsName == name && result.obsType == type)
    #expect(!result.derived && result.reason == nil && result.joinsAssociations)
    #expect(result.detector == detector && result.instrumentMode == mode)
    #expect(result.level == 1 && result.kind == "rate")
  }

  @Test(arguments: names)
  func derivedNames(_ name: String, _ type: String, _ detector: String, _ mode: String) {
    let code = String(name.split(separator: "-")[1])
    let result = classifier.classify(frame(["IMTYPE": code, "DETECTOR": detector, "INSTMODE": mode]))
    #expect(result.state == .classified && result.obsName == name && result.obsType == type && result.derived)
  }

  @Test(arguments: [
    ("DARK", "IRIS1", "IMG1-DRK"), ("IRIS_DARK", "IMG2", "IMG2-DRK"), ("flat", "IMG1", "IMG1-NFF"),
    ("BACKGROUND", "IMG4", "IMG4-SKY"),
  ])
  func derivedFromOtherWords(_ type: String, _ detector: String, _ name: String) {
    #expect(classifier.classify(frame(["EXP_TYPE": type, "DETECTOR": detector])).obsName == name)
  }

  @Test func readoutDetectorGivesTheMode() {
    let result = classifier.classify(frame(["IMTYPE": "SCI", "DET_ID": "LEN"]))
    #expect(result.obsName == "LEN-SCI" && result.detector == "IFU")
  }

  // MARK: held

  private func held(_ texts: [String: String], _ words: [String], hint: FrameShape? = nil) {
    let result = classifier.classify(frame(texts), hint: hint, file: "raw_0001.fits")
    #expect(result.state == .held && !result.joinsAssociations, "\(texts)")
    let reason = result.reason ?? ""
    for word in words + ["Next: irisarchive header raw_0001.fits --keys "] {
      #expect(reason.contains(word), "\(reason) — \(word)")
    }
  }

  @Test func contradictionsAreHeldAndToldApart() {
    held(
      ["OBSTYPE": "SCI", "OBSNAME": "IMG1-DRK", "DETECTOR": "IMG1"],
      ["OBSTYPE 'SCI' contradicts OBSNAME 'IMG1-DRK', which is CAL (dark)"])
    held(
      ["OBSTYPE": "CAL", "OBSNAME": "IMG1-DRK", "DETECTOR": "IFU"],
      ["DETECTOR 'IFU' contradicts OBSNAME 'IMG1-DRK', which is IMG1"])
    held(
      ["OBSNAME": "LEN-SCI", "DETECTOR": "IFU", "INSTMODE": "SLICER"],
      ["INSTMODE 'SLICER' contradicts OBSNAME 'LEN-SCI', which is LENSLET"])
    held(
      ["IMTYPE": "SCI", "DETECTOR": "IMG1", "INSTMODE": "LENSLET"],
      ["INSTMODE 'LENSLET' contradicts DETECTOR"])
    held(
      ["OBSNAME": "LEN-SCI", "DETECTOR": "IMG1", "DET_ID": "LEN"],
      ["DET_ID 'LEN' contradicts DETECTOR 'IMG1'"])
    held(
      ["OBSNAME": "IMG1-SCI", "IMTYPE": "DARK", "DETECTOR": "IMG1"], ["IMTYPE 'DARK' contradicts OBSNAME"])
  }

  @Test func aContradictionKeepsWhatTheHeaderSays() {
    let result = classifier.classify(frame(["OBSTYPE": "SCI", "OBSNAME": "IMG1-DRK", "DETECTOR": "IMG1"]))
    #expect(result.obsType == "SCI" && result.obsName == "IMG1-DRK")
  }

  @Test func skyByAnotherWordIsNoContradiction() {
    let result = classifier.classify(frame(["OBSNAME": "IMG1-SKY", "IMTYPE": "SCI", "DETECTOR": "IMG1"]))
    #expect(result.state == .classified)
  }

  @Test func whatCannotBeNamedIsHeldWithWhatIsMissing() {
    held(
      [:], ["OBSNAME is missing and cannot be derived", "IMTYPE (or EXP_TYPE) and DETECTOR are missing too"])
    held(["DETECTOR": "IRIS1"], ["IMTYPE (or EXP_TYPE) is missing too"])
    held(["DETECTOR": "IFU", "IMTYPE": "SCI"], ["INSTMODE (one of SLICER, LENSLET) is missing too"])
    held(["DETECTOR": "IMG1", "EXP_TYPE": "IRIS_IMAGE"], ["'IRIS_IMAGE' of IMG1 has no single OBSNAME"])
    held(
      ["DETECTOR": "IFU", "INSTMODE": "LENSLET", "IMTYPE": "FLAT"], ["'FLAT' of LEN has no single OBSNAME"])
    held(["OBSNAME": "IMG1-XYZ", "DETECTOR": "IMG1"], ["OBSNAME is 'IMG1-XYZ'", "classification.yaml"])
    held(["OBSNAME": "LEN-NFF", "DETECTOR": "IFU"], ["OBSNAME is 'LEN-NFF'"])
    let result = classifier.classify(frame([:]))
    #expect(result.obsName == "UNKNOWN" && result.obsType == "UNKNOWN")
  }

  @Test func unknownDetectorsAndWords() {
    held(
      ["OBSNAME": "IMG1-SCI", "DETECTOR": "IMG7"],
      [
        "DETECTOR is 'IMG7', expected one of IFU, IMG1, IMG2, IMG3, IMG4",
        "DETECTOR 'IMG7' contradicts OBSNAME",
      ])
    held(
      ["OBSTYPE": "IMAGING", "OBSNAME": "IMG1-SCI"], ["OBSTYPE is 'IMAGING', expected one of SCI, CAL, ENG"])
    held(
      ["INSTRUME": "NIRC2", "OBJECT": "dark"], ["INSTRUME is 'NIRC2', expected IRIS or an instrument with"])
  }

  @Test func levelAgainstStructure() {
    held(
      ["DATALVL": "1"], ["DATALVL is '1', expected one of 0, 1, 2, 3"])
    let ramp = FrameMetadata(primary: imagerScience())
    let result = classifier.classify(ramp, hint: FrameShape(axes: [64, 64, 16, 1]))
    #expect(
      result.state == .held && result.reason?.contains("DATALVL is 1, but the image has 4 axes") == true)
  }

  @Test func hostileNamesAreQuotedForTheShell() {
    let reason = classifier.classify(frame([:]), file: "a'b; rm -rf $(x)\n.fits").reason ?? ""
    #expect(reason.contains("irisarchive header 'a'\\''b; rm -rf $(x)?.fits' --keys"))
  }

  // MARK: quarantined

  @Test(arguments: [Card.Value.text("NaN"), .real(-1), .real(1e7), .string("soon")])
  func impossibleExposureTimes(_ value: Card.Value) {
    let cards = imagerScience().map { $0.keyword == "EXPTIME" ? Card("EXPTIME", value) : $0 }
    let result = classifier.classify(FrameMetadata(primary: cards), file: "x.fits")
    #expect(result.state == .quarantined && result.obsName == "IMG1-SCI")
    #expect(result.reason?.hasPrefix("EXPTIME is ") == true)
    #expect(result.reason?.hasSuffix("Next: irisarchive header x.fits --keys EXPTIME") == true)
  }

  @Test func impossibleDates() {
    let result = classifier.classify(frame(["OBSNAME": "IMG1-SCI", "DATE-OBS": "2026-13-45"]))
    #expect(result.state == .quarantined)
  }

  @Test func smallFaultsAreWarnings() {
    let result = classifier.classify(FrameMetadata(primary: imagerScience() + [Card("AIRMASS", "high")]))
    #expect(
      result.state == .classified
        && result.warnings == ["AIRMASS is 'high', expected a number from 0.99 to 100"])
  }

  // MARK: engineering, aborted, readouts

  @Test func engineeringFramesAreArchivedOnly() {
    for name in ["IMG1-ENG", "ALIGN-7"] {
      let result = classifier.classify(frame(["OBSTYPE": "ENG", "OBSNAME": name, "DETECTOR": "IMG1"]))
      #expect(result.state == .classified && result.obsName == name && !result.joinsAssociations)
    }
    let derived = classifier.classify(frame(["OBSTYPE": "ENG", "DETECTOR": "IMG2"]))
    #expect(derived.obsName == "IMG2-ENG" && derived.derived && !derived.joinsAssociations)
    #expect(classifier.classify(frame(["OBSNAME": "LEN-IDP"])).joinsAssociations)
  }

  @Test func abortedIsSaid() {
    let result = classifier.classify(FrameMetadata(primary: imagerScience() + [Card("EXPREQ", 300.0)]))
    #expect(result.state == .classified && result.isAborted)
  }

  @Test func readoutsWaitForTheirRawFrame() {
    let cards = [Card("DET_ID", "IMG1"), Card("EXP_NO", 12), Card("RAMP_NO", 0), Card("READ_NO", 3)]
    let waiting = classifier.classify(FrameMetadata(primary: cards), hint: FrameShape(axes: [64, 64]))
    #expect(waiting.state == .received && waiting.level == 0 && waiting.kind == "readout")
    #expect(waiting.reason?.contains("readout 3 of ramp 0") == true && waiting.obsName == "UNKNOWN")
    let named = classifier.classify(FrameMetadata(primary: cards + [Card("IMTYPE", "DARK")]))
    #expect(named.state == .classified && named.obsName == "IMG1-DRK" && named.kind == "readout")
  }

  // MARK: level and kind

  @Test func levelsFromStructure() {
    func level(_ texts: [String: String], _ axes: [Int], _ names: [String] = []) -> String {
      let result = classifier.classify(frame(texts), hint: FrameShape(axes: axes, extensionNames: names))
      return "\(result.level) \(result.kind)"
    }
    #expect(level([:], [64, 64]) == "1 rate")
    #expect(level([:], [64, 64, 16, 1]) == "0 ramp")
    #expect(level(["DATAMODL": "TMTRampModel"], [64, 64]) == "0 ramp")
    #expect(level([:], [10, 2], ["TIMES", "DATA", "DQ"]) == "0 ramp")
    #expect(level([:], [64, 64, 16]) == "0 ramp")
    #expect(level(["CTYPE3": "WAVE"], [64, 64, 1600]) == "2 s3d")
    #expect(level(["S_FLAT": "COMPLETE"], [64, 64]) == "2 cal")
    #expect(level(["S_FLAT": "SKIPPED"], [64, 64]) == "1 rate")
    #expect(level(["DATAMODL": "IRISSpectrumModel"], [1600]) == "2 x1d")
    #expect(level(["REFTYPE": "DARK"], [64, 64]) == "2 dark")
    #expect(level(["REFTYPE": "../x"], [64, 64]) == "2 reference")
  }

  @Test func referencesNeedNoObservingName() {
    let dark = classifier.classify(frame(["REFTYPE": "DARK", "DETECTOR": "IMG1"]))
    #expect(dark.state == .classified && dark.obsName == "IMG1-DRK")
    let mask = classifier.classify(frame(["REFTYPE": "MASK", "DETECTOR": "IMG1"]))
    #expect(mask.state == .classified && mask.obsName == "UNKNOWN" && mask.kind == "mask")
  }

  /// The header of the published sample ramp: no class, no times.
  @Test func publishedSampleRampIsHeldAsUnknown() {
    let header = frame([
      "DATAMODL": "TMTRampModel", "DETECTOR": "IRIS1", "INSTRUME": "IRIS", "TELESCOP": "TMT",
      "DATE-OBS": "2015-10-11", "TIME-OBS": "00:00:00", "FILENAME": "sample_ramp_new.fits",
    ])
    let result = classifier.classify(header, hint: FrameShape(axes: [10, 10, 4, 1], extensionNames: ["SCI"]))
    #expect(
      result.state == .held && result.obsName == "UNKNOWN" && result.level == 0 && result.kind == "ramp")
    #expect(result.detector == "IMG1")
  }
}

@Suite struct ClassificationTableTests {
  @Test func indexedKeywordsAreFew() throws {
    let keywords = try shippedClassifier().indexedKeywords
    #expect((20...30).contains(keywords.count) && Set(keywords).count == keywords.count)
    #expect(keywords.allSatisfy { KeywordSchema.standard.definition(keyword: $0) != nil })
  }

  @Test func faultsAreNamed() throws {
    let good = try shippedTables()
    for (from, to) in [
      ("version: 1", "version: 2"), ("adapters: []", "adaptors: []"),
      ("SLI: {detector: IFU, mode: SLICER}", "SLI: {detector: IFX, mode: SLICER}"),
      ("LEN: {detector: IFU, mode: LENSLET}", "LEN: {detector: IMG1, mode: LENSLET}"),
      ("{obstype: CAL, modes: [LENSLET]", "{obstype: CAB, modes: [LENSLET]"), ("codes:", "codes: 3\nxcodes:"),
      ("instruments: [IRIS]", ""), ("version: 1", "version: [1"),
    ] {
      #expect(good.contains(from))
      let bad = good.replacing(from, with: to, maxReplacements: 1)
      #expect("\(to)") { try Classifier(yaml: bad) } throws: {
        ($0 as? MetadataError)?.code == "bad-classification"
      }
    }
  }

  /// Values that stand for ours are multiplied, constants are numbers where the schema wants them, and what is added is
  /// told.
  @Test func anAdapterMultipliesAndSetsNumbers() throws {
    let adapter = """
      adapters:
        - name: NIRC2
          when: {INSTRUME: NIRC2}
          checksum: data-only
          multiply: {EXPTIME: [ITIME, COADDS]}
          set: {GAIN: 4, OBJECT: 17}
      """
    let classifier = try Classifier(yaml: try shippedTables().replacing("adapters: []", with: adapter))
    let header = frame(["INSTRUME": "NIRC2"], [Card("ITIME", 0.5), Card("COADDS", 45)])
    #expect(
      classifier.additions(to: header) == ["EXPTIME": .real(22.5), "GAIN": .real(4), "OBJECT": .string("17")])
    #expect(classifier.adapted(header).exposureSeconds == 22.5 && classifier.adapted(header).gain == 4)
    #expect(classifier.additions(to: frame(["INSTRUME": "NIRC2"], [Card("ITIME", 0.5)]))["EXPTIME"] == nil)
    let own = frame(["INSTRUME": "NIRC2"], [Card("ITIME", 0.5), Card("COADDS", 45), Card("EXPTIME", 3.0)])
    #expect(classifier.additions(to: own)["EXPTIME"] == nil)
    #expect(classifier.checksumRule(for: header) == .dataOnly)
    #expect(classifier.checksumRule(for: frame(["INSTRUME": "IRIS"])) == .verify)
    let shipped = try Classifier(yaml: shippedTables())
    #expect(classifier.adapts && !shipped.adapts)
  }

  /// Real values of NIRC2 headers of 2025: an adapter is all that is needed, no code.
  @Test func foreignInstrumentByAdapterAlone() throws {
    let adapter = """
      adapters:
        - name: NIRC2
          when: {INSTRUME: NIRC2}
          aliases: {EXPTIME: [NOSUCH, ITIME], NCOADDS: [COADDS]}
          set: {DETECTOR: NIRC2}
          classes:
            - {when: {SHRNAME: closed}, obsname: NIRC2-DRK}
            - {when: {OBJECT: "*flat*"}, obsname: NIRC2-NFF}
            - {when: {SHRNAME: open}, obsname: NIRC2-SCI}
      """
    let yaml = try shippedTables()
      .replacing("adapters: []", with: adapter)
      .replacing("  IMG4: {modes: [IMG]}", with: "  IMG4: {modes: [IMG]}\n  NIRC2: {modes: [IMG]}")
      .replacing("prefixes:\n", with: "prefixes:\n  NIRC2: {detector: NIRC2, mode: IMG}\n")
    let classifier = try Classifier(yaml: yaml)
    func header(_ object: String, _ shutter: String) -> FrameMetadata {
      frame(
        [
          "INSTRUME": "NIRC2", "OBJECT": object, "SHRNAME": shutter, "DATE-OBS": "2025-12-08",
          "TIME-OBS": "16:57:56.444", "RA": "04:29:31.10", "DEC": "+00:04:51.6",
          "FILTER": "PK50_1.5 + Br_gamma",
        ], [Card("ITIME", 0.45), Card("COADDS", 45), Card("SAMPMODE", 3)])
    }
    for (object, shutter, name, type) in [
      ("dark", "closed", "NIRC2-DRK", "CAL"), ("sky FLAT", "open", "NIRC2-NFF", "CAL"),
      ("HD 1160", "open", "NIRC2-SCI", "SCI"),
    ] {
      let result = classifier.classify(header(object, shutter))
      #expect(
        result.state == .classified && result.obsName == name && result.obsType == type && result.derived)
      #expect(result.detector == "NIRC2" && result.instrumentMode == "IMG" && result.warnings.isEmpty)
    }
    let adapted = classifier.adapted(header("dark", "closed"))
    #expect(adapted.exposureSeconds == 0.45 && adapted.ncoadds == 45)
    #expect(adapted.dateBegin == FITSDate.parse("2025-12-08T16:57:56.444"))
  }
}
