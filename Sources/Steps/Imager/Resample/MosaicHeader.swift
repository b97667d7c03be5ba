import Astrometry
import PipelineEngine

/// What the headers of a mosaic say: of frames that became one image only what is true of all of them, and what follows
/// from the mosaic's own grid.
///
/// Where frames differ a card is left out. Rewritten are `EXPTIME` (the longest sum over the frames of one detector), the
/// times of begin and end, `AIRMASS` (the mean, weighed by exposure), `SCALE` and `PA` (the grid's), `RA` and `DEC`
/// where frames differ (the middle), `NFRAMES`, `DETECTRS` (several detectors; there is no `DETECTOR` then) and the names
/// of references. `OBSNAME` stays that of the first frame: the archive has no class for several detectors.
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
    "TWK_RMS", "BKGLEVEL", "BKGSLOPX", "BKGSLOPY", "SKYLEVEL", "SKYSCALE", "NSKY", "PA_IMAG", "PA_IFS",
  ]
  /// Of the programme, or written anew below or with the file.
  private static let kept: Set<String> = [
    "PROGRAM", "PROGNUM", "SEMID", "OBSERVTN", "OBSNUM", "OBS_ID", "PI_NAME", "PROGPI", "TITLE", "PROGTITL",
    "OBJECT",
    "OBSNAME", "OBSTYPE", "RA", "DEC", "EXPTIME", "DATE-OBS", "TIME-OBS", "DATE-BEG", "DATE-END", "AIRMASS",
    "SCALE", "PA",
    "FILENAME", "DATE", "NFRAMES",
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

  /// `DETECTOR` where it is one; of several there is no such thing, and `DETECTRS` names them.
  private func nameDetectors(_ frame: inout Frame) {
    let names = Set(frames.compactMap(\.metadata.detector)).sorted()
    guard names.count > 1 else { return }
    for keyword in ["DETECTOR", "DET_ID"] { frame.header.remove(keyword) }
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

  /// The mosaic begins with the first exposure and ends with the last.
  private func setTimes(_ frame: inout Frame) {
    let begun = frames.filter { $0.metadata.dateBegin != nil }
      .min { ($0.metadata.dateBegin ?? .distantPast) < ($1.metadata.dateBegin ?? .distantPast) }
    let ended = frames.filter { $0.metadata.dateEnd != nil }
      .max { ($0.metadata.dateEnd ?? .distantPast) < ($1.metadata.dateEnd ?? .distantPast) }
    for keyword in ["DATE-OBS", "TIME-OBS", "DATE-BEG"] {
      if let text = begun?.header.string(keyword) { frame.header.set(keyword, .string(text)) }
    }
    if let text = ended?.header.string("DATE-END") { frame.header.set("DATE-END", .string(text)) }
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
    guard let wcs = grid.wcs else { return }
    let middle = PixelPosition(x: Double(grid.width + 1) / 2, y: Double(grid.height + 1) / 2)
    let angle = wcs.geometry(atFITSPixel: middle).positionAngle
    if angle.isFinite {
      frame.header.set("PA", .real((angle * 1e6).rounded() / 1e6), comment: "[deg] East of North of +y")
    }
    let isOne = frames.allSatisfy {
      $0.header["RA"] == first.header["RA"] && $0.header["DEC"] == first.header["DEC"]
    }
    let sky = wcs.sky(atFITSPixels: [middle])[0]
    guard !isOne, wcs.frame == "ICRS", sky.longitude.isFinite, sky.latitude.isFinite else { return }
    frame.header.set("RA", .real(sky.longitude), comment: "[deg] middle of the mosaic")
    frame.header.set("DEC", .real(sky.latitude), comment: "[deg] middle of the mosaic")
  }
}
