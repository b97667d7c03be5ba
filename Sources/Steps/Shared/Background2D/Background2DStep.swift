import DataModels
import PipelineEngine
import Pixels
import SourceExtraction

/// Subtracts the smooth background of each frame, measured on a mesh beside its sources.
public struct Background2DStep: Step {
  public static let declaration = StepDeclaration(
    name: "background_2d", className: "Background2DStep",
    summary: "Subtract the mesh background of a frame, sources masked",
    aliases: ["mesh_background", "calc_background_imager"], statusKeyword: "S_BKG2D",
    parameters: [
      Parameter(
        "method", .choice(["sep", "biweight", "sextractor", "median", "mean"]), default: .string("sep"),
        help: "sep: the SEP library's mode of each tile; the others: estimator of each box as in photutils")
    ] + SourceSearch.parameters + [
      Parameter(
        "mask_sources", .boolean, default: .boolean(true), help: "leave sources out of the background"),
      Parameter(
        "sigma_lower", .number(0.1...100), default: .number(3),
        help: "clipping of a box below its median, in sigmas (not for sep)"),
      Parameter(
        "sigma_upper", .number(0.1...100), default: .number(3),
        help: "clipping of a box above its median, in sigmas (not for sep)"),
      Parameter(
        "max_iterations", .integer(1...1000), default: .integer(10),
        help: "rounds of clipping at most (not for sep)"),
      Parameter(
        "exclude_percentile", .number(0...100), default: .number(50),
        help: "a box that lost this share of its pixels is filled from its neighbours, percent (not for sep)"),
      Parameter(
        "edge", .choice(["pad", "crop"]), default: .string("pad"),
        help: "incomplete boxes at the edge: boxes of their own, or left out (not for sep)"),
      Parameter(
        "save_background", .boolean, default: .boolean(false),
        help: "keep what was subtracted as the image BACKGROUND"),
    ])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    if work.frames.allSatisfy({ $0.status("S_BKG2D") == "COMPLETE" }) {
      return .skipped(reason: "the mesh background was subtracted before")
    }
    for i in work.frames.indices where work.frames[i].status("S_BKG2D") != "COMPLETE" {
      guard let found = try background(of: work.frames[i], context.parameters) else {
        let reason = "\(work.frames[i].member.name) has too few good pixels for a background"
        context.degrade(reason)
        return .skipped(reason: reason)
      }
      try subtract(found, from: &work.frames[i])
      guard i == 0 else { continue }
      work.quality["background_level"] = found.level
      work.quality["background_noise"] = found.noise
      work.quality["sources"] = found.sources.map(Double.init)
      if context.parameters.boolean("save_background") {
        work.planes.append(.init(name: "BACKGROUND", unit: work.frames[i].unit, plane: found.image))
      }
    }
    return .complete
  }

  /// The background of a frame, and what is known of it.
  private struct Found {
    let image: Plane<Float>
    let level: Double
    let noise: Double
    let sources: Int?
  }

  private func background(of frame: Frame, _ parameters: ParameterSet) throws -> Found? {
    let pixels = try frame.pixels()
    let unusable = PixelMask(unusable: pixels, flags: DQ.blind)
    guard unusable.count < pixels.count else { return nil }
    let options = SourceSearch.options(parameters)
    var masked = unusable
    var search: SourceMask?
    if parameters.boolean("mask_sources") {
      let found = try SourceSearch.mask(
        pixels.value, excluding: unusable, options, of: frame.member.name)
      masked = unusable.union(found.sources)
      search = found
    }
    guard parameters.string("method") == "sep" else {
      return try boxes(pixels.value, excluding: masked, parameters, search?.sourceCount, frame.member.name)
    }
    var mesh = search?.background
    if mesh == nil { mesh = try Self.mesh(pixels.value, excluding: masked, options.mesh, frame.member.name) }
    guard let mesh, mesh.goodTiles > 0 else { return nil }
    return Found(
      image: mesh.levelImage(), level: Double(mesh.globalLevel), noise: Double(mesh.globalNoise),
      sources: search?.sourceCount)
  }

  private static func mesh(
    _ image: Plane<Float>, excluding mask: PixelMask, _ options: MeshOptions, _ name: String
  ) throws -> MeshBackground {
    do {
      return try meshBackground(of: image, excluding: mask, options: options)
    } catch {
      throw EngineError(error.code, error.message, subject: name, hint: error.hint, underlying: error)
    }
  }

  private func boxes(
    _ image: Plane<Float>, excluding mask: PixelMask, _ parameters: ParameterSet, _ sources: Int?,
    _ name: String
  ) throws -> Found? {
    let (box, filter) = (parameters.integer("box_size") ?? 64, parameters.integer("filter_size") ?? 3)
    let options = BoxBackgroundOptions(
      estimator: .init(rawValue: parameters.string("method") ?? "") ?? .biweight, boxWidth: box,
      boxHeight: box,
      clipping: BoxClipping(
        lower: parameters.number("sigma_lower") ?? 3, upper: parameters.number("sigma_upper") ?? 3,
        maximumIterations: parameters.integer("max_iterations") ?? 10),
      edge: .init(rawValue: parameters.string("edge") ?? "") ?? .pad,
      excludePercentile: parameters.number("exclude_percentile") ?? 50, filterWidth: filter,
      filterHeight: filter)
    do {
      let mesh = try boxBackground(of: image, excluding: mask, options: options)
      return Found(
        image: mesh.levelImage(), level: mesh.medianLevel, noise: mesh.medianNoise, sources: sources)
    } catch {
      if error.code == "no-background" { return nil }
      throw EngineError(error.code, error.message, subject: name, hint: error.hint, underlying: error)
    }
  }

  private func subtract(_ found: Found, from frame: inout Frame) throws {
    try frame.load()
    let background = found.image
    let width = background.width
    try frame.apply(
      FrameOperation { pixels, rows in
        background.withUnsafeBuffer { levels in
          pixels.value.withUnsafeMutableBuffer { values in
            // Bands are disjoint, so no two threads write the same pixel.
            nonisolated(unsafe) let (values, levels) = (values, levels)
            let offset = rows.lowerBound * width
            forEachRowBand(height: rows.count, width: width) { band in
              for i in band.lowerBound * width..<band.upperBound * width { values[i] -= levels[offset + i] }
            }
          }
        }
      })
    frame.addBackgroundLevel(found.level)
    frame.header.set("BKGNOISE", .real(found.noise), comment: "median noise of the mesh, \(frame.unit)")
  }
}
