import DataModels
import PipelineEngine
import Pixels

extension ResampleStep {
  /// Frames told apart by one context plane: float32 holds 24 bits exactly.
  static let framesPerContext = 24

  /// The mosaic as a frame, with the first frame's header.
  /// - Parameter areaRatio: area of its pixel over that of a frame's, where values are counted per pixel, else 1.
  func frame(
    of mosaic: Mosaic, _ set: MosaicFrames, _ grid: MosaicGrid, _ settings: Settings, areaRatio: Double
  ) -> Frame {
    let first = set.frames[0]
    let scale = grid.areaRatio(to: first, at: set.places[0]).squareRoot()
    var result = Frame(
      member: first.member, header: first.header, scienceHeader: first.scienceHeader,
      metadata: first.metadata,
      unit: first.unit, window: PixelWindow(x0: 0, y0: 0, width: grid.width, height: grid.height),
      darkShare: first.darkShare, pixels: mosaic.measured)
    if let wcs = grid.wcs { result.place(wcs) }
    let noise = correlatedNoiseFactor(
      kernel: settings.options.kernel, pixfrac: settings.options.pixfrac, scale: scale)
    result.header.set("NFRAMES", .integer(Int64(set.frames.count)), comment: "frames combined")
    result.header.set("EXPTIME", .real(exposure(of: set)), comment: "[s] sum over the frames of a detector")
    result.header.set("NOISECOR", .real(noise), comment: "aperture errors are this x those of the pixels")
    result.header.set("RESKERN", .string(settings.options.kernel.rawValue), comment: "kernel of resample")
    result.header.set(
      "PIXFRAC", .real(settings.options.pixfrac), comment: "drop over pixel, square and turbo")
    setTimes(of: set, in: &result)
    // The same sky gives more counts in a larger pixel.
    for keyword in ["PHOTMJSR", "PHOTUJA2"] where areaRatio != 1 {
      guard let card = first.scienceHeader.card(keyword), let factor = card.double else { continue }
      result.scienceHeader.set(keyword, .real(factor / areaRatio), comment: card.comment)
    }
    for keyword in ["SUBARRAY", "SUBARRID", "SUBSTRT1", "SUBSTRT2", "SUBSIZE1", "SUBSIZE2", "CHIPSCAL"] {
      result.header.remove(keyword)
    }
    return result
  }

  /// The longest sum of exposure times over the frames of one detector.
  private func exposure(of set: MosaicFrames) -> Double {
    var sums: [String: Double] = [:]
    for frame in set.frames {
      sums[frame.metadata.detector ?? "", default: 0] += frame.metadata.exposureSeconds ?? 0
    }
    return sums.values.max() ?? 0
  }

  /// The mosaic begins with the first exposure and ends with the last.
  private func setTimes(of set: MosaicFrames, in result: inout Frame) {
    let begun = set.frames.filter { $0.metadata.dateBegin != nil }
      .min { ($0.metadata.dateBegin ?? .distantPast) < ($1.metadata.dateBegin ?? .distantPast) }
    let ended = set.frames.filter { $0.metadata.dateEnd != nil }
      .max { ($0.metadata.dateEnd ?? .distantPast) < ($1.metadata.dateEnd ?? .distantPast) }
    for keyword in ["DATE-OBS", "TIME-OBS", "DATE-BEG"] {
      if let text = begun?.header.string(keyword) { result.header.set(keyword, .string(text)) }
    }
    if let text = ended?.header.string("DATE-END") { result.header.set("DATE-END", .string(text)) }
  }

  /// Weights, context, coverage and exposure time.
  func planes(of mosaic: Mosaic, frames: Int) -> [ImageModel.ExtraPlane] {
    var planes: [ImageModel.ExtraPlane] = [.init(name: "WHT", unit: "", plane: mosaic.weight)]
    let words = (frames + Self.framesPerContext - 1) / Self.framesPerContext
    for word in 0..<words {
      let name = words == 1 ? "CON" : "CON\(word + 1)"
      let range = word * Self.framesPerContext..<min((word + 1) * Self.framesPerContext, frames)
      planes.append(.init(name: name, unit: "", plane: mosaic.contextBits(range)))
    }
    planes.append(.init(name: "NFRAMES", unit: "", plane: mosaic.coverage.map { Float($0) }))
    planes.append(.init(name: "EXPTIME", unit: "s", plane: mosaic.exposure))
    return planes
  }
}
