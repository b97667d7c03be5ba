import FITSIO
import FITSStructure
import Metadata
import Pixels

extension RampSource {
  /// Assembles the ramps of one exposure from one file per readout, in any order.
  ///
  /// Reads are placed by `RAMP_NO` and `READ_NO`; times are `READTIME - RST_TIME` (microseconds; seconds
  /// where `DATALVL` is 1 or more), else `TGROUP`/`TFRAME`, else `readSpacing`. A read that another ramp of
  /// the exposure has and this one lacks, or that says `COMPLETE = F`, is flagged `DO_NOT_USE`
  /// in the bands; `missingReads` tells of these and of reads that the header declares but nobody has. The
  /// headers of the complete reads are merged by `rules` (`ReadoutHeaders`).
  ///
  /// - Parameter rawFrame: the level 1 frame that says what the readouts are, where their own headers do not.
  /// - Throws: `no-readouts`, `not-a-readout`, `mixed-readouts` (another detector, exposure number or shape, or
  ///   resets of two exposures), `duplicate-read`, `bad-read-times`, or the error of the FITS layer.
  public init(
    readouts paths: [String], readSpacing: Double? = nil, rawFrame: String? = nil,
    rules: HeaderMerging = .standard
  ) throws(ModelError) {
    guard let first = paths.first else {
      throw ModelError(code: "no-readouts", message: "there is no readout to assemble", subject: "readouts")
    }
    self = try ModelError.wrapping(first) {
      let set = try ReadoutSet(paths.map { try Readout(path: $0) })
      let raw = try rawFrame.map { try ReadoutHeaders.headers(ofFrame: $0) }
      return try set.assemble(
        readSpacing: readSpacing, set.headers(rules).merged(rawFrame: raw?.primary),
        scienceHeader: set.scienceHeader(rawFrame: raw?.science))
    }
  }
}

/// What the header of one readout says.
struct Readout: Sendable {
  let path: String
  let header: Header
  let scienceHeader: Header
  let metadata: FrameMetadata
  let hdu: Int
  let image: ImageHDU
  let ramp: Int
  let read: Int

  init(path: String) throws(ModelError) {
    self = try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      guard let hdu = try PlaneReader(path: path).scienceHDU(file) else {
        throw ModelError(
          code: "no-image", message: "the readout has no image in SCI, DATA or its primary HDU", subject: path
        )
      }
      let readout = try Readout(file, path: path, hdu: hdu)
      try file.close()
      return readout
    }
  }

  private init(_ file: borrowing FITSFile, path: String, hdu: Int) throws {
    self.path = path
    self.hdu = hdu
    header = Header(withoutStructure: try file.imageCards(of: 0))
    var cards = hdu == 0 ? Header() : Header(withoutStructure: try file.imageCards(of: hdu))
    cards.remove("BUNIT")
    scienceHeader = cards
    metadata = FrameMetadata(primary: header.cards, extensions: [cards.asImageExtension])
    image = try file.image(of: hdu)
    guard let ramp = metadata.rampNumber, let read = metadata.readNumber else {
      throw ModelError(
        code: "not-a-readout", message: "RAMP_NO or READ_NO is missing, so the read cannot be placed",
        subject: path)
    }
    self.ramp = ramp
    self.read = read
  }

  /// Every pixel was read.
  var isComplete: Bool { metadata.isReadoutComplete ?? true }

  /// The numbers that all readouts of one exposure share.
  var exposure: [String] {
    [
      metadata.readoutDetectorID ?? metadata.detector ?? "",
      metadata.readoutExposureNumber.map { "\($0)" } ?? "",
      "\(image.axes)",
    ]
  }
}

/// The readouts of one exposure, checked, and the grid of ramps and reads they fill.
struct ReadoutSet: Sendable {
  /// By ramp and read.
  let readouts: [Readout]
  let ramps: [Int]
  let reads: [Int]

  init(_ unsorted: [Readout]) throws(ModelError) {
    readouts = unsorted.sorted { ($0.ramp, $0.read) < ($1.ramp, $1.read) }
    ramps = Array(Set(readouts.map(\.ramp))).sorted()
    reads = Array(Set(readouts.map(\.read))).sorted()
    try checkThatTheyBelongTogether()
  }

  func assemble(
    readSpacing: Double?, _ merged: ReadoutHeaders.Merged, scienceHeader: Header
  ) throws -> RampSource {
    let (width, height) = try frameShape()
    let shape = RampShape(integrations: ramps.count, reads: reads.count, height: height, width: width)
    let found = times(shape, readSpacing)
    if let found { try ReadTimes.check(found.times, shape: shape, subject: readouts[0].path) }
    let scales = readouts.map(\.image.storedType.fullScale)
    let rows = ReadoutRows(
      shape: shape,
      files: Dictionary(
        uniqueKeysWithValues: readouts.map {
          (place($0), ReadoutRows.Part(shared: SharedFile(path: $0.path), hdu: $0.hdu))
        }), good: Set(readouts.filter(\.isComplete).map(place)))
    return RampSource(
      header: header(merged), scienceHeader: scienceHeader, unit: readouts[0].image.unit,
      shape: shape, times: found, missingReads: missing + merged.contradictions, headerNotes: merged.notes,
      fullScale: scales.contains(nil) ? nil : scales.compactMap { $0 }.max(), content: rows)
  }

  private func frameShape() throws(ModelError) -> (width: Int, height: Int) {
    let axes = readouts[0].image.axes
    guard axes.count >= 2, axes.dropFirst(2).allSatisfy({ $0 == 1 }) else {
      throw ModelError(
        code: "not-two-dimensional", message: "the readout has axes \(axes) where two were expected",
        subject: readouts[0].path)
    }
    return (axes[0], axes[1])
  }

  private func place(_ readout: Readout) -> Int {
    let (ramp, read) = (ramps.firstIndex(of: readout.ramp) ?? 0, reads.firstIndex(of: readout.read) ?? 0)
    return ramp * reads.count + read
  }

  private func times(_ shape: RampShape, _ spacing: Double?) -> (times: [[Double]], origin: String)? {
    if let times = clockTimes() { return (times, "READTIME-RST_TIME") }
    if let (step, origin) = ReadTimes.spacing(readouts[0].metadata) { return (numberedTimes(step), origin) }
    guard let spacing, spacing > 0 else { return nil }
    return (numberedTimes(spacing), "read_spacing")
  }

  /// Times by `READ_NO`, so that a missing read leaves its gap; the first read (0 or 1) is one spacing after the
  /// reset.
  private func numberedTimes(_ spacing: Double) -> [[Double]] {
    let first: Double = reads.first == 0 ? 0 : 1
    let ramp = reads.map { (Double($0) - first + 1) * spacing }
    return Array(repeating: ramp, count: ramps.count)
  }

  /// READTIME - RST_TIME of every read; a missing read takes the time it has in another ramp.
  private func clockTimes() -> [[Double]]? {
    var known: [Int: Double] = [:]
    for readout in readouts {
      guard let seconds = readout.metadata.secondsSinceReset else { return nil }
      known[place(readout)] = seconds
    }
    return ramps.indices.map { ramp in
      reads.indices.map { read in
        if let own = known[ramp * reads.count + read] { return own }
        return ramps.indices.lazy.compactMap { known[$0 * reads.count + read] }.first ?? 0
      }
    }
  }
}
