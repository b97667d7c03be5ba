import Astrometry
import Foundation
import PipelineEngine

/// What the headers of a mosaic say: of frames that became one image only what is true of all of them, and what follows
/// from the mosaic's own grid.
///
/// Where frames differ a card is left out. Rewritten are `EXPTIME` (the longest sum over the frames of one
/// detector), the times of begin and end, `AIRMASS` (the mean, weighed by exposure), `SCALE` and `PA` (the
/// grid's), `RA` and `DEC` where frames differ (the middle, of a mosaic whose place on the sky is known),
/// `NFRAMES`, `DETECTRS` (several detectors; there is no `DETECTOR` then) and the names of references. Those
/// of the first frame stay, whatever the others say: `OBSNAME`, since the archive has no class for several
/// detectors, what names the programme, the observation and the object, and the photometry.
struct MosaicHeader {
  private let frames: [Frame]
  private let grid: MosaicGrid
  private let areaRatio: Double

  /// - Parameter areaRatio: area of the mosaic's pixel over that of the first frame's.
  init(_ set: MosaicFrames, _ grid: MosaicGrid, areaRatio: Double) {
    (frames, self.grid, self.areaRatio) = (set.frames, grid, areaRatio)
  }

  private var first: Frame { frames[0] }

  /// True of one exposure on one detector: where it stood in its sequence, its window, what was done to it alone.
  private static let ofOneFrame: Set<String> = [
    "XOFFSET", "YOFFSET", "DTOTOFF1", "DTOTOFF2", "DITHNUM", "NDITHER", "PATT_NUM", "NUMDTHPT", "DITHNO",
    "IFRAME",
    "IFRAMES", "SFRAME", "SFRAMES", "EXPNUM", "EXP_NO", "SUBARRAY", "SUBARRID", "SUBSTRT1", "SUBSTRT2",
    "SUBSIZE1",
    "SUBSIZE2", "XSTART", "YSTART", "XSIZE", "YSIZE", "CHIPSCAL", "TWK_WAY", "TWK_DE", "TWK_DN", "TWK_ROT",
    "TWK_N",
    "TWK_RMS", "BKGLEVEL", "BKGNOISE", "BKGSLOPX", "BKGSLOPY", "SKYLEVEL", "SKYSCALE", "NSKY", "PA_IMAG",
    "PA_IFS",
  ]
  /// When one exposure was, in any generation of keywords.
  private static let times: Set<String> = [
    "DATE-OBS", "TIME-OBS", "UTC", "UT", "DATE-BEG", "DATE-AVG", "DATE-END", "MJD-OBS", "MJD-BEG", "MJD-AVG",
    "MJD-END", "EXPDTST", "EXPDTMID", "EXPDTEND", "EXPJDST", "EXPJDMID", "EXPJDEND",
  ]
  /// Of the programme, or written anew below or with the file.
  private static let kept: Set<String> = [
    "PROGRAM", "PROGNUM", "SEMID", "OBSERVTN", "OBSNUM", "OBS_ID", "PI_NAME", "PROGPI", "TITLE", "PROGTITL",
    "OBJECT",
    "OBSNAME", "OBSTYPE", "RA", "DEC", "EXPTIME", "AIRMASS", "SCALE", "PA", "FILENAME", "DATE", "NFRAMES",
  ]
  /// The photometry, and the gain by which it serves the pixels' unit, is that of the first frame: the others were brought
  /// to its response.
  private static let photometry: Set<String> = [
    "ZPAB", "ZPVEGA", "ZPERR", "ZPEXT", "ZPUNIT", "ZPSRC", "PHOTJY", "PHOTMJSR", "PHOTUJA2", "PHOTMULT",
    "GAINFACT", "BUNIT",
  ]

  /// The first frame with the headers of the mosaic, without any coordinate system: the mosaic's, where there is one, is
  /// put in its place.
  func described() -> Frame {
    var frame = first
    leaveOutDifferences(&frame)
    let areas =
      grid.wcs == nil
      ? frame.scienceHeader.cards.filter { ["PIXAR_A2", "PIXAR_SR"].contains($0.keyword) } : []
    frame.header.cards.removeAll { Self.isOfOneFrame($0.keyword) }
    frame.scienceHeader.cards.removeAll {
      Self.isOfOneFrame($0.keyword) || WCSCards.isFrameKeyword($0.keyword)
    }
    for card in areas {
      guard let area = card.double else { continue }
      frame.scienceHeader.set(card.keyword, .real(area * areaRatio), comment: card.comment)
    }
    nameDetectors(&frame)
    nameReferences(&frame)
    frame.header.set("NFRAMES", .integer(Int64(frames.count)), comment: "frames combined")
    frame.header.set("EXPTIME", .real(exposure), comment: "[s] sum over the frames of a detector")
    setTimes(&frame)
    if let airmass { frame.header.set("AIRMASS", .real(airmass), comment: "mean of the frames") }
    setPlace(&frame)
    return frame
  }

  private static func isOfOneFrame(_ keyword: String) -> Bool {
    ofOneFrame.contains(keyword) || WCSCards.isImageKeyword(keyword)
      || SkyWCS.derivedKeywords.contains(keyword)
  }

  private func leaveOutDifferences(_ frame: inout Frame) {
    let others = frames.dropFirst()
    let primaries = others.map { Self.values($0.header.cards.map { ($0.keyword, $0.value) }) }
    let images = others.map { Self.values($0.scienceHeader.cards.map { ($0.keyword, $0.value) }) }
    frame.header.cards.removeAll {
      !Self.kept.union(Self.photometry).contains($0.keyword)
        && Self.isDenied($0.keyword, $0.value, by: primaries)
    }
    frame.scienceHeader.cards.removeAll {
      !Self.photometry.contains($0.keyword) && Self.isDenied($0.keyword, $0.value, by: images)
    }
  }

  private static func values<Value>(_ cards: [(String, Value?)]) -> [String: Value] {
    var values: [String: Value] = [:]
    for case (let keyword, let value?) in cards where values[keyword] == nil { values[keyword] = value }
    return values
  }

  /// Whether another header says otherwise; one that says nothing does not.
  private static func isDenied<Value: Equatable>(
    _ keyword: String, _ value: Value?, by others: [[String: Value]]
  ) -> Bool {
    guard let value else { return false }
    return others.contains { $0[keyword].map { $0 != value } ?? false }
  }

  /// `DETECTOR` where it is one; of several there is no such thing, and `DETECTRS` names them. Mosaics
  /// combined again are of all of theirs.
  private func nameDetectors(_ frame: inout Frame) {
    let lists = frames.map { frame in
      frame.metadata.detector.map { [$0] }
        ?? (frame.header.string("DETECTRS") ?? "").split(separator: ",").map(String.init)
    }
    let names = Set(lists.joined()).sorted()
    guard names.count > 1 else { return }
    for keyword in ["DETECTOR", "DET_ID"] {
      frame.header.remove(keyword)
      frame.scienceHeader.remove(keyword)
    }
    frame.header.set("DETECTRS", .string(names.joined(separator: ",")), comment: "detectors combined")
  }

  /// `R_DARK` … of frames of several detectors or nights: all of them.
  private func nameReferences(_ frame: inout Frame) {
    let keywords = first.header.cards.map(\.keyword).filter { $0.hasPrefix("R_") }
    for keyword in keywords where frame.header[keyword] == nil {
      let names = frames.compactMap { $0.header.string(keyword) }
        .flatMap { $0.split(separator: ",").map(String.init) }
      let single = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      frame.header.set(
        keyword, .string(single.joined(separator: ",")), comment: first.header.card(keyword)?.comment)
    }
  }

  /// The longest sum of exposure times over the frames of one detector.
  private var exposure: Double {
    var sums: [String: Double] = [:]
    for frame in frames {
      sums[frame.metadata.detector ?? "", default: 0] += frame.metadata.exposureSeconds ?? 0
    }
    return sums.values.max() ?? 0
  }

  /// The mosaic begins with the first exposure and ends with the last, whichever keywords the frames say it
  /// in.
  private func setTimes(_ frame: inout Frame) {
    guard frames.count > 1 else { return }
    let begin = frames.compactMap(\.metadata.dateBegin).min().map { Self.text(of: $0) }
    let end = frames.compactMap(\.metadata.dateEnd).max().map { Self.text(of: $0) }
    frame.header.cards.removeAll { Self.times.contains($0.keyword) }
    frame.scienceHeader.cards.removeAll { Self.times.contains($0.keyword) }
    if let begin {
      frame.header.set("DATE-OBS", .string(begin), comment: "start of the first exposure (UTC)")
      frame.header.set("DATE-BEG", .string(begin), comment: "start of the first exposure (UTC)")
    }
    if let end { frame.header.set("DATE-END", .string(end), comment: "end of the last exposure (UTC)") }
  }

  /// `yyyy-mm-ddThh:mm:ss.sss`, UTC, rounded to milliseconds.
  private static func text(of date: Date) -> String {
    // A millisecond that binary numbers put just below itself must not be cut to the one before.
    let rounded = (date.timeIntervalSince1970 * 1000).rounded() / 1000 + 1e-4
    let style = Date.ISO8601FormatStyle().year().month().day().time(includingFractionalSeconds: true)
    return Date(timeIntervalSince1970: rounded).formatted(style)
  }

  /// The mean over the frames that have one.
  private var airmass: Double? {
    let known = frames.compactMap { frame in
      frame.metadata.airmass.map { (airmass: $0, weight: frame.metadata.exposureSeconds ?? 0) }
    }
    guard !known.isEmpty else { return nil }
    let weight = known.reduce(0) { $0 + $1.weight }
    guard weight > 0, weight.isFinite else {
      return known.reduce(0) { $0 + $1.airmass } / Double(known.count)
    }
    return known.reduce(0) { $0 + $1.airmass * $1.weight } / weight
  }

  /// Where the mosaic looks, in which direction, and how large its pixels are.
  private func setPlace(_ frame: inout Frame) {
    let side = areaRatio.squareRoot()
    if let scale = first.metadata.scale.flatMap(Double.init), abs(side - 1) > 1e-3 {
      let rounded = (scale * side * 1e9).rounded() / 1e9
      frame.header.set("SCALE", first.header.string("SCALE") == nil ? .real(rounded) : .string("\(rounded)"))
    }
    let isOne = frames.allSatisfy {
      $0.header["RA"] == first.header["RA"] && $0.header["DEC"] == first.header["DEC"]
    }
    if !isOne { for keyword in ["RA", "DEC"] { frame.header.remove(keyword) } }
    guard let wcs = grid.wcs else { return }
    let middle = PixelPosition(x: Double(grid.width + 1) / 2, y: Double(grid.height + 1) / 2)
    let angle = wcs.geometry(atFITSPixel: middle).positionAngle
    if angle.isFinite {
      frame.header.set("PA", .real((angle * 1e6).rounded() / 1e6), comment: "[deg] East of North of +y")
    }
    let sky = wcs.sky(atFITSPixels: [middle])[0]
    guard !isOne, wcs.frame == "ICRS", sky.longitude.isFinite, sky.latitude.isFinite else { return }
    frame.header.set("RA", .real(sky.longitude), comment: "[deg] middle of the mosaic")
    frame.header.set("DEC", .real(sky.latitude), comment: "[deg] middle of the mosaic")
  }
}
