import FITSStructure
import Foundation
import Metadata
import Testing

/// No header, however wrong, ends the program: every keyword with every extreme value, alone and all at once, read
/// through every accessor, classified, named and checked.
@Suite struct ExtremeValuesTests {
  static let extremes: [Card.Value] = [
    .integer(.max), .integer(.min), .integer(5_000_000_000_000_000_000), .integer(-5_000_000_000_000_000_000),
    .integer(4_611_686_018_427_387_904), .integer(0), .integer(-1),
    .real(1e308), .real(-1e308), .real(9.3e18), .real(.leastNonzeroMagnitude), .real(.nan), .real(.infinity),
    .real(-.infinity),
    .real(9_223_372_036_854_774_784), .real(-9_223_372_036_854_775_808),
    .string("NaN"), .text("NaN"), .string("-Inf"), .string("9223372036854775807"), .string(""), .string("-"),
    .string("9999-12-31T23:59:60.999999"), .string("0000-01-01T00:00:00"), .string("99999999999999"),
    .string("99:99:99"), .string("-1e308:59:59"), .string("1e308 59 60"),
    .string(String(repeating: "9", count: 3000)), .string(String(repeating: "-", count: 3000)),
    .string("../../\u{0}\u{7F}é"), .logical(true), .complex(.infinity, .nan), .undefined,
  ]

  private static let names = KeywordSchema.standard.definitions.flatMap(\.names)

  /// Headers that take the roads of each kind of file, to be spoilt one keyword at a time.
  private static let bases: [[String: Card.Value]] = [
    ["SAMPMODE": .string("MCDS"), "DET_ID": .string("IMG1"), "NUMREADS": .integer(5)],
    ["DATALVL": .integer(1), "RST_TIME": .real(5e15), "READTIME": .real(6e15), "EXPNUM": .integer(1)],
    imagerScience().reduce(into: [:]) { $0[$1.keyword] = $1.value },
  ]

  @Test(arguments: extremes.indices)
  func oneKeywordAtATime(_ index: Int) throws {
    let value = Self.extremes[index]
    let classifier = try shippedClassifier()
    for base in Self.bases {
      for name in Self.names {
        exercise(base.merging([name: value]) { $1 }, classifier)
      }
    }
  }

  @Test(arguments: extremes.indices)
  func allKeywordsAtOnce(_ index: Int) throws {
    let value = Self.extremes[index]
    let classifier = try shippedClassifier()
    let all = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, value) })
    exercise(all, classifier)
    for base in Self.bases { exercise(all.merging(base) { $1 }, classifier) }
  }

  /// Neighbouring extremes: sums, products and differences of two of them.
  @Test func extremesInTurn() throws {
    let classifier = try shippedClassifier()
    for shift in Self.extremes.indices {
      let mixed = Self.names.enumerated().map { index, name in
        (name, Self.extremes[(index * 7 + shift) % Self.extremes.count])
      }
      exercise(Dictionary(uniqueKeysWithValues: mixed), classifier)
    }
  }

  @Test func numbersBeyondTheSchemaAreAbsentAndReported() {
    let frame = FrameMetadata(primary: [
      Card("NUMREADS", .integer(5_000_000_000_000_000_000)), Card("SAMPMODE", "MCDS"),
      Card("SUBSTRT1", .integer(.min)), Card("SUBSTRT2", .integer(.max)), Card("SUBSIZE1", 4),
      Card("SUBSIZE2", 4),
      Card("NINTS", .integer(1 << 62)), Card("NCOADDS", 4), Card("DATALVL", .real(5e18)),
    ])
    #expect(frame.expectedReads == nil && frame.subarray == nil && frame.nints == nil && frame.level == nil)
    #expect(frame.ncoadds == 4)
    #expect(
      Set(frame.problems().map(\.keyword)) == ["NUMREADS", "SUBSTRT1", "SUBSTRT2", "NINTS", "DATALVL"])
  }

  @Test func timesBeyondAllClocksAreStillWritten() {
    for seconds in [1e308, -1e308, .infinity, -.infinity, .nan, 0] {
      let date = Date(timeIntervalSince1970: seconds)
      #expect(FITSDate.text(of: date).count == 19)
      #expect(FITSDate.compactText(of: date).count == 16)
      #expect(FITSDate.dayText(of: date).count == 10)
      #expect(NightName.hawaii.night(of: date).count == 10)
    }
    let end = FrameMetadata(primary: [Card("DATE-OBS", "2026-07-14T09:12:44.7"), Card("EXPTIME", 1e308)])
      .dateEnd
    #expect(end == nil)
  }

  @Test func windowsOfAnyNumbersHaveText() {
    let window = SubarrayWindow(id: .max, x0: .max, y0: .min, width: .max, height: .min)
    #expect(window.description.hasPrefix("["))
  }

  // MARK: exercise

  private func exercise(_ values: [String: Card.Value], _ classifier: Classifier) {
    let cards = values.sorted { $0.key < $1.key }.map { Card($0.key, $0.value) }
    let metadata = FrameMetadata(primary: cards)
    let classification = classifier.classify(metadata, hint: FrameShape(axes: [4, 4]), file: "x.fits")
    #expect(FileState.allCases.contains(classification.state))
    let frame = classifier.adapted(metadata)
    #expect(frame.problems(kind: "rate").allSatisfy { $0.message.count < 2000 })
    #expect(CRDSHeader(frame).values.keys.allSatisfy { !$0.isEmpty })
    let name = ProductName.product(
      frame, level: classification.level, kind: classification.kind, rawFile: "x.fits")
    #expect(name.hasSuffix(".fits") && name.utf8.count < 256)
    _ = ProductName.combination(
      program: frame.program, observation: frame.observation, isImager: true, object: frame.object,
      filter: frame.filter, association: "a", kind: "i2d")
    readNumbers(frame)
    readTexts(frame)
    readDates(frame)
    readPaths(frame)
  }

  private func readNumbers(_ m: FrameMetadata) {
    let integers: [Int?] = [
      m.readoutExposureNumber, m.rampNumber, m.readNumber, m.expectedReads, m.expectedRamps, m.exposureNumber,
      m.nints, m.ngroups, m.nreads, m.ncoadds, m.level, m.subarrayID, m.ditherPosition, m.ditherCount,
      m.frameIndex, m.frameCount, m.skyIndex, m.skyCount,
    ]
    #expect(integers.allSatisfy { abs($0 ?? 0) <= 2_000_000_000 })
    let doubles: [Double?] = [
      m.gain, m.readNoise, m.exposureSeconds, m.airmass, m.ra, m.dec, m.positionAngle, m.xOffset, m.yOffset,
      m.readTimeMicroseconds, m.resetTimeMicroseconds, m.frameTimeMicroseconds,
    ]
    #expect(doubles.allSatisfy { $0?.isFinite ?? true })
    _ = (m.secondsSinceReset, m.subarray?.description)
    _ = (m.isReadout, m.isReadoutComplete, m.isAborted, m.isSky)
  }

  private func readTexts(_ m: FrameMetadata) {
    _ = [
      m.detectorLiteral, m.detector, m.instrumentMode, m.filter, m.pupil, m.grating, m.scale, m.readMode,
      m.subarrayName, m.readoutDetectorID, m.obsType, m.obsName, m.imageType, m.object, m.program, m.semester,
      m.programNumber, m.observation, m.observationNumber, m.observationID, m.sequenceID, m.dataQuality,
    ]
  }

  private func readDates(_ m: FrameMetadata) {
    for date in [m.dateBegin, m.dateEnd, m.dateMiddle, m.readDate].compactMap({ $0 }) {
      #expect(abs(date.timeIntervalSince1970) < 1e12)
      _ = (FITSDate.text(of: date), FITSDate.compactText(of: date), NightName.hawaii.night(of: date))
    }
  }

  private func readPaths(_ m: FrameMetadata) {
    for keyword in m.keywords {
      guard let path = m.schema.definition(keyword: keyword)?.path else { continue }
      _ = (
        m[path]?.description, m.integer(path), m.double(path), m.string(path), m.logical(path), m.date(path)
      )
    }
  }
}
