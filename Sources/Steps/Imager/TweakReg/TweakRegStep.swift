import Astrometry
import PipelineEngine

/// Brings the frames of a field onto each other, or onto a catalog, by correcting their world coordinates.
public struct TweakRegStep: Step {
  public static let declaration = StepDeclaration(
    name: "tweakreg", className: "TweakRegStep", summary: "Align frames by their stars",
    aliases: ["jwst.tweakreg.TweakRegStep", "liger_iris_pipeline.tweakreg.TweakRegStep"],
    statusKeyword: "S_TWKREG",
    parameters: [
      Parameter(
        "align", .choice(["sources", "wcs", "header", "file"]), default: .string("sources"),
        help: "by stars; not at all; by the telescope's offsets (XOFFSET, YOFFSET); by a table of offsets"),
      Parameter(
        "offsets", .string, default: .none,
        help: "table of offsets: comma-separated text with name,dx,dy and perhaps dtheta"),
      Parameter(
        "catalog", .string, default: .none,
        help: "catalog of stars that is right: FITS table or comma-separated text with RA and DEC"),
      Parameter(
        "geometry", .choice(FrameAlignmentOptions.Geometry.allCases.map(\.rawValue)),
        default: .string("rshift"),
        help: "what is fitted: shift; and turn; and scale; any linear map"),
      Parameter(
        "search", .number(1...1000), default: .number(50), unit: "pixel",
        help: "how far a frame may be from where its coordinates say"),
      Parameter(
        "tolerance", .number(0.1...20), default: .number(1.5), unit: "pixel",
        help: "how far matched stars may be from each other at last"),
      Parameter(
        "min_matches", .integer(2...1000), default: .integer(5),
        help: "frames with fewer are not aligned by stars"),
      Parameter(
        "sigma_clip", .number(1...20), default: .number(3), help: "matches farther off than this do not count"
      ),
      Parameter(
        "xcorr", .boolean, default: .boolean(true),
        help: "align frames with too few stars by cross-correlation about the brightest sources"),
    ] + FrameStars.Options.parameters(most: 300),
    intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    let align = context.parameters.string("align") ?? "sources"
    guard align != "wcs" else {
      return .skipped(reason: "align is wcs: the coordinates are taken as they are")
    }
    guard work.frames.count > 1 || (align == "sources" && context.parameters.string("catalog") != nil) else {
      return .skipped(reason: "there is one frame and nothing to align it with")
    }
    var alignment = try FieldAlignment(work.frames, in: context)
    switch align {
    case "header": try alignment.alignByHeader(work.frames)
    case "file": try alignment.align(by: offsets(work.frames, in: context), work.frames)
    default: try alignment.alignByStars(work.frames)
    }
    try alignment.apply(to: &work)
    return .complete
  }

  private func offsets(_ frames: [Frame], in context: StepContext) throws -> OffsetTable {
    guard let path = context.parameters.string("offsets") else {
      throw EngineError(
        "missing-parameter", "align is file and no table of offsets is named", subject: "tweakreg.offsets",
        hint: "--set tweakreg.offsets=FILE.csv")
    }
    return try OffsetTable(path: path, frames: frames)
  }
}
