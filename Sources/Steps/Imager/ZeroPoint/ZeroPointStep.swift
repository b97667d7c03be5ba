import Foundation
import PipelineEngine
import SourceExtraction

/// Measures the zero point of a detector and filter on frames of standard stars, or on fields with catalogued stars.
public struct ZeroPointStep: Step {
  public static let declaration = StepDeclaration(
    name: "zero_point", className: "ZeroPointStep", summary: "Zero point from standard stars",
    aliases: ["flux_calibration", "iris_pipeline.zero_point.ZeroPointStep"], statusKeyword: "S_ZEROPT",
    parameters: [
      Parameter(
        "magnitude", .number(-30...40), default: .none, unit: "mag",
        help: "of the standard in the frames' filter"),
      Parameter(
        "magnitude_error", .number(0...10), default: .number(0), unit: "mag", help: "its error"),
      Parameter(
        "standards", .string, default: .none,
        help: "file of standards (name,filter,mag[,err,ra,dec]); the frames' OBJECT says which"),
      Parameter(
        "catalog", .string, default: .none,
        help: "file of stars in the field (ra,dec,mag[,err,colour]); the frames need world coordinates"),
      Parameter(
        "system", .choice(["Vega", "AB"]), default: .string("Vega"), help: "system of the magnitudes"),
      Parameter(
        "ab_vega", .number(-5...5), default: .none, unit: "mag",
        help: "AB less Vega magnitude of the filter, in place of the band's"),
      Parameter(
        "extinction", .number(0...5), default: .number(0), unit: "mag", help: "extinction per airmass"),
      Parameter(
        "radius", .number(0...1000), default: .number(0), unit: "pixel",
        help: "aperture; 0 takes the one of the largest signal-to-noise ratio"),
      Parameter(
        "max_radius", .integer(2...1000), default: .integer(40), unit: "pixel",
        help: "radius that holds all light: the end of the curve of growth"),
      Parameter(
        "sky_inner", .number(0...2000), default: .number(0), unit: "pixel",
        help: "inner radius of the sky annulus; 0 for 1.25 max_radius"),
      Parameter(
        "sky_outer", .number(0...2000), default: .number(0), unit: "pixel",
        help: "outer radius of the sky annulus; 0 for 1.75 max_radius"),
      Parameter(
        "match_radius", .number(0.0001...60), default: .number(0.1), unit: "arcsec",
        help: "a catalogued star is the nearest source within this"),
      Parameter(
        "min_snr", .number(3...10_000), default: .number(20),
        help: "catalogued stars below this signal-to-noise ratio are left out"),
      Parameter("kappa", .number(1...20), default: .number(3), help: "clipping of the stars, sigmas"),
      Parameter(
        "colour_term", .boolean, default: .boolean(false), help: "fit a slope with the catalog's colour"),
    ],
    intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    let settings = try ZeroPointSettings(context.parameters)
    try check(work.frames)
    var stars: [MeasuredStandard] = []
    for frame in work.frames {
      let meter = StandardMeter(settings: settings, context: context)
      stars += try settings.catalog == nil ? [meter.standard(in: frame)] : meter.field(frame)
    }
    let result = try ZeroPointSolution(stars, settings, frames: work.frames, context: context)
    result.report(in: context)
    work.tables.append(result.table(for: first))
    work.quality.merge(result.quality) { $1 }
    return .complete
  }

  /// One zero point is of one detector, filter, pupil and unit.
  private func check(_ frames: [Frame]) throws(EngineError) {
    guard let first = frames.first else { return }
    let hint = "one zero point is of one detector, filter and pupil"
    for frame in frames {
      guard frame.unit == "adu/s" || frame.unit == "electron/s" else {
        throw EngineError(
          "unit-mismatch", "a zero point is of rates, and the frame is in '\(frame.unit)'",
          subject: frame.member.name)
      }
      guard frame.unit == first.unit else {
        throw EngineError(
          "mixed-frames", "its unit is \(frame.unit), and \(first.unit) in \(first.member.name)",
          subject: frame.member.name, hint: hint)
      }
      try frame.checkConfiguration(
        ["DETECTOR", "FILTER", "PUPIL"], like: first, silence: .differs, hint: hint)
    }
  }
}
