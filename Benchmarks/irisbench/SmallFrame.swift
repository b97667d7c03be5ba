import FITSIO
import FITSStructure

/// A small level 1 frame with the headers of a real one: 2 HDUs and `SmallFrame.cardCount` cards in all.
///
/// Every one differs from every other. They are telluric stars, which the archive classifies and offers to the
/// association rules, and which start no job: the time is that of the archive, not of `tmtrun`.
struct SmallFrame {
  /// Cards of both headers, structural ones and checksums included, END left out.
  static let cardCount = 120
  /// Pixels along the side.
  static let side = 16
  /// Cards that the writer adds to the primary header, and to that of an image of two axes.
  private static let structuralCards = (primary: 6, image: 10)

  /// Number of the frame, from 1; it makes the frame unlike all others.
  let number: Int
  /// How many there are.
  let total: Int

  var fileName: String { "bench_\(number.padded(to: 5))_raw.fits" }

  /// Writes the frame into a folder, replacing one of that name.
  func write(to folder: String) throws(FITSError) {
    var writer = try FITSWriter(path: "\(folder)/\(fileName)")
    try writer.appendPrimary(primary)
    let pixels = (0..<Self.side * Self.side).map { Float(100 + (number &* 31 &+ $0 &* 17) % 1009) / 8 }
    let result: Result<Void, FITSError> = pixels.withUnsafeBufferPointer { pixels in
      do throws(FITSError) {
        return .success(
          try writer.appendImage(science, name: "SCI", axes: [Self.side, Self.side], pixels: pixels))
      } catch { return .failure(error) }
    }
    try result.get()
    _ = try writer.commit(replacing: true)
  }

  private var science: Header {
    Header([
      Card("BUNIT", "adu/s", comment: "Unit of the pixels"), Card("WCSAXES", 2, comment: "World axes"),
      Card("CTYPE1", "RA---TAN", comment: "Right ascension, gnomonic"),
      Card("CTYPE2", "DEC--TAN", comment: "Declination, gnomonic"), Card("CUNIT1", "deg"),
      Card("CUNIT2", "deg"), Card("CRPIX1", 8.5), Card("CRPIX2", 8.5), Card("CRVAL1", 83.8397),
      Card("CRVAL2", -5.4201), Card("CD1_1", -1.1e-6), Card("CD1_2", 0.0), Card("CD2_1", 0.0),
      Card("CD2_2", 1.1e-6), Card("RADESYS", "ICRS"),
    ])
  }

  private var primary: Header {
    var cards = identity + exposure + instrument
    let ours = Self.cardCount - Self.structuralCards.primary - Self.structuralCards.image
    cards += telemetry(count: ours - cards.count - science.cards.count)
    return Header(cards)
  }

  private var identity: [Card] {
    [
      Card("FILENAME", fileName, comment: "Name of the file"), Card("ORIGIN", "irisbench"),
      Card("TELESCOP", "TMT", comment: "Telescope"), Card("INSTRUME", "IRIS", comment: "Instrument"),
      Card("DATAMODL", "IRISImageModel", comment: "Data model"), Card("DATALVL", 1, comment: "Raw frame"),
      Card("DATAQUAL", "GOOD"), Card("OBSTYPE", "CAL"), Card("OBSNAME", "IMG1-TEL"), Card("IMTYPE", "TEL"),
      Card("SEMID", "2026B"), Card("PROGRAM", "P003"), Card("OBSERVTN", "012"),
      Card("OBS_ID", "2026B-P003-012"), Card("SEQ_ID", "bench"), Card("OBJECT", "Benchmark star"),
      Card("RA", 83.8397, comment: "[deg]"), Card("DEC", -5.4201, comment: "[deg]"), Card("EQUINOX", 2000.0),
      Card("AIRMASS", 1.2),
    ]
  }

  private var exposure: [Card] {
    // Four seconds from one exposure to the next.
    let second = 4 * number
    let clock = { (second: Int) in
      "2026-07-14T\((6 + second / 3600).padded(to: 2)):\((second / 60 % 60).padded(to: 2)):"
        + (second % 60).padded(to: 2)
    }
    return [
      Card("DATE-OBS", clock(second), comment: "Start of the exposure (UTC)"),
      Card("DATE-BEG", clock(second), comment: "Start of the exposure (UTC)"),
      Card("DATE-END", clock(second + 3), comment: "End of the exposure (UTC)"),
      Card("EXPTIME", 3.0, comment: "[s]"), Card("EXPNUM", number), Card("READMODE", "CDS"),
      Card("NUMREADS", 1), Card("NUMRAMPS", 1), Card("NINTS", 1), Card("NGROUPS", 2), Card("NCOADDS", 1),
      Card("TFRAME", 0.5, comment: "[s]"), Card("DITHNUM", number), Card("NDITHER", total),
      Card("XOFFSET", Double(number % 7) / 10, comment: "[arcsec]"),
      Card("YOFFSET", Double(number % 5) / 10, comment: "[arcsec]"),
    ]
  }

  private var instrument: [Card] {
    [
      Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("FILTER", "H"), Card("PUPIL", "CIRCULAR"),
      Card("SCALE", 0.004, comment: "[arcsec]"), Card("GAIN", 2.0, comment: "[electron/adu]"),
      Card("READNOIS", 5.0, comment: "[electron]"), Card("PA", 0.0, comment: "[deg]"),
      Card("SUBARRAY", "FULL"), Card("SUBARRID", 0), Card("SUBSTRT1", 1), Card("SUBSTRT2", 1),
      Card("SUBSIZE1", Self.side), Card("SUBSIZE2", Self.side), Card("DETXSIZE", Self.side),
      Card("DETYSIZE", Self.side),
    ]
  }

  /// Temperatures and positions, as a real header is full of them.
  private func telemetry(count: Int) -> [Card] {
    (0..<count).map { index in
      Card(
        "TLM\(index.padded(to: 3))", Double((number &* 37 &+ index &* 101) % 99991) / 1000,
        comment: "Sensor \(index) of the instrument")
    }
  }
}

extension Int {
  /// At least so many digits.
  func padded(to digits: Int) -> String {
    let text = String(self)
    return String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
  }
}
