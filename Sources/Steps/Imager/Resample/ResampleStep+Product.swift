import DataModels
import PipelineEngine
import Pixels

extension ResampleStep {
  /// Frames told apart by one context plane: float32 holds 24 bits exactly.
  static let framesPerContext = 24

  /// The mosaic as a frame; its header says what is true of all frames (``MosaicHeader``).
  /// - Parameter areaRatio: area of its pixel over that of a frame's, where values are counted per pixel, else 1.
  func frame(
    of mosaic: Mosaic, _ set: MosaicFrames, _ grid: MosaicGrid, _ settings: Settings, areaRatio: Double
  ) -> Frame {
    let first = set.frames[0]
    let sizes = grid.areaRatio(to: first, at: set.places[0])
    let described = MosaicHeader(set, grid, areaRatio: sizes).described()
    var (primary, science) = (described.header, described.scienceHeader)
    let noise = correlatedNoiseFactor(
      kernel: settings.options.kernel, pixfrac: settings.options.pixfrac, scale: sizes.squareRoot())
    primary.set("NOISECOR", .real(noise), comment: "aperture errors are this x those of the pixels")
    primary.set("RESKERN", .string(settings.options.kernel.rawValue), comment: "kernel of resample")
    primary.set("PIXFRAC", .real(settings.options.pixfrac), comment: "drop over pixel, square and turbo")
    // The same sky gives more counts in a larger pixel.
    for keyword in ["PHOTMJSR", "PHOTUJA2"] where areaRatio != 1 {
      if let card = science.card(keyword), let factor = card.double {
        science.set(keyword, .real(factor / areaRatio), comment: card.comment)
      }
      if let card = primary.card(keyword), let factor = card.double {
        primary.set(keyword, .real(factor / areaRatio), comment: card.comment)
      }
    }
    var result = Frame(
      member: first.member, header: primary, scienceHeader: science,
      metadata: .init(primary: primary.cards, extensions: [science.cards]),
      unit: first.unit, window: PixelWindow(x0: 0, y0: 0, width: grid.width, height: grid.height),
      darkShare: first.darkShare, pixels: mosaic.measured)
    if let wcs = grid.wcs { result.place(wcs) }
    return result
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
