import FITSIO
import Metadata

extension ReadoutSet {
  /// - Throws: `mixed-readouts`, `duplicate-read`.
  func checkThatTheyBelongTogether() throws(ModelError) {
    for (a, b) in zip(readouts, readouts.dropFirst()) {
      guard a.exposure == b.exposure else {
        throw ModelError(
          code: "mixed-readouts",
          message:
            "detector, exposure number and shape are \(b.exposure) here and \(a.exposure) in \(a.path)",
          subject: b.path)
      }
      try checkResets(a, b)
      guard (a.ramp, a.read) != (b.ramp, b.read) else {
        throw ModelError(
          code: "duplicate-read", message: "read \(a.read) of ramp \(a.ramp) is also in \(a.path)",
          subject: b.path)
      }
    }
  }

  /// One ramp has one reset, and later ramps have later ones: else the number was used for another exposure.
  private func checkResets(_ a: Readout, _ b: Readout) throws(ModelError) {
    guard let mine = b.metadata.resetTimeMicroseconds, let theirs = a.metadata.resetTimeMicroseconds else {
      return
    }
    guard a.ramp == b.ramp ? mine == theirs : mine >= theirs else {
      throw ModelError(
        code: "mixed-readouts",
        message: "RST_TIME is \(mine) microseconds in ramp \(b.ramp) here and \(theirs) in ramp \(a.ramp) of "
          + "\(a.path): the same numbers with another reset are another exposure", subject: b.path,
        hint: "tmtrun make-asn --rule level1-readouts sorts them")
    }
  }

  /// Incomplete reads, reads that lie between others or that another ramp has, and counts that fall short of what the
  /// headers declare: one sentence each.
  var missing: [String] {
    var sentences = readouts.filter { !$0.isComplete }.map {
      "read \($0.read) of ramp \($0.ramp) is incomplete"
    }
    let absent = absent.map { "read \($0.read) of ramp \($0.ramp) is missing" }
    sentences += absent.prefix(Self.mostNamed)
    if absent.count > Self.mostNamed {
      sentences.append("\(absent.count - Self.mostNamed) more reads are missing")
    }
    let metadata = readouts.map(\.metadata)
    if let expected = metadata.lazy.compactMap(\.expectedReads).first, expected > reads.count {
      sentences.append("\(reads.count) of \(expected) reads per ramp are there")
    }
    if let expected = metadata.lazy.compactMap(\.expectedRamps).first, expected > ramps.count {
      sentences.append("\(ramps.count) of \(expected) ramps are there")
    }
    return sentences
  }

  /// A report names no more missing reads than this.
  private static let mostNamed = 20

  /// Reads between the lowest and the highest number that a ramp lacks.
  private var absent: [Place] {
    let there = Set(readouts.map { Place(ramp: $0.ramp, read: $0.read) })
    guard let first = reads.first, let last = reads.last, last - first < 100_000 else { return [] }
    return ramps.flatMap { ramp in
      (first...last).map { Place(ramp: ramp, read: $0) }.filter { !there.contains($0) }
    }
  }

  private struct Place: Hashable {
    var ramp: Int
    var read: Int
  }
}

extension ReadoutSet {
  /// The headers of the complete reads (of all, where none is), in the order of ramps and reads.
  func headers(_ rules: HeaderMerging) -> ReadoutHeaders {
    let complete = readouts.filter(\.isComplete)
    return ReadoutHeaders((complete.isEmpty ? readouts : complete).map(\.header), rules: rules)
  }

  /// The image header of the first read, or the raw frame's where the reads have no coordinates and it has.
  func scienceHeader(rawFrame: Header?) -> Header {
    let own = readouts[0].scienceHeader
    guard own["CTYPE1"] == nil, let rawFrame, rawFrame["CTYPE1"] != nil else { return own }
    return Header(own.cards + rawFrame.cards.filter { own.card($0.keyword) == nil })
  }

  /// The merged header with the numbers of the ramp.
  func header(_ merged: ReadoutHeaders.Merged) -> Header {
    var header = merged.header
    header.set("NINTS", .integer(Int64(ramps.count)), comment: "Ramps")
    header.set("NGROUPS", .integer(Int64(reads.count)), comment: "Reads per ramp")
    return header
  }
}

extension ReadoutHeaders {
  /// The headers of a level 1 frame: the primary one, and that of its science image.
  static func headers(ofFrame path: String) throws(ModelError) -> (primary: Header, science: Header) {
    try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      let primary = Header(withoutStructure: try file.imageCards(of: 0))
      var science = Header()
      if let hdu = try PlaneReader(path: path).scienceHDU(file), hdu > 0 {
        science = Header(withoutStructure: try file.imageCards(of: hdu))
        science.remove("BUNIT")
      }
      try file.close()
      return (primary, science)
    }
  }
}
