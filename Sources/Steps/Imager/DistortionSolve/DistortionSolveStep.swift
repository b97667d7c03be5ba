import Astrometry
import DataModels
import PipelineEngine
import Pixels

/// Solves the camera's distortion from frames of a pinhole grid or of stars.
public struct DistortionSolveStep: Step {
  public static let declaration = StepDeclaration(
    name: "distortion_solve", className: "DistortionSolveStep", summary: "Solve the distortion of the camera",
    statusKeyword: "S_DISTOR",
    parameters: [
      Parameter(
        "points", .choice(["pinholes", "stars"]), default: .string("pinholes"),
        help: "what the frames show: a square grid of pinholes, or stars (of a catalog, or dithered)"),
      Parameter(
        "order", .integer(2...9), default: .integer(4), help: "highest total order of the polynomials"),
      Parameter(
        "freedom", .number(0...10), default: .number(0), unit: "pixel",
        help: "standard deviation of pinholes about their grid; more than 0 solves for each pinhole's place"),
      Parameter(
        "sigma_clip", .number(1...20), default: .number(3), help: "points farther off than this do not count"),
      Parameter(
        "max_rms", .number(0.0001...10), default: .number(0.1), unit: "pixel",
        help: "greater residuals are refused"),
      Parameter(
        "max_hole", .number(0...1), default: .number(0.25),
        help: "a greater part of the detector without points is refused"),
      Parameter(
        "catalog", .string, default: .none,
        help:
          "catalog of the stars: FITS table or comma-separated text with RA and DEC; without it dithers are compared"
      ),
      Parameter(
        "search", .number(1...1000), default: .number(50), unit: "pixel",
        help: "how far stars may be from where the coordinates say"),
      Parameter(
        "tolerance", .number(0.1...50), default: .number(6), unit: "pixel",
        help: "how far matched stars may be from each other, distortion included"),
    ] + FrameStars.Options.parameters(most: 20_000),
    intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    if let other = work.frames.first(where: { ($0.width, $0.height) != (first.width, first.height) }) {
      throw EngineError(
        "mixed-frames", "frames of \(other.width) x \(other.height) and of \(first.width) x \(first.height)",
        subject: other.member.name)
    }
    for frame in work.frames {
      try frame.checkConfiguration(
        ["DETECTOR", "FILTER", "PUPIL"], like: first, silence: .differs,
        hint: "one distortion is of one detector, filter and pupil")
    }
    let options = FrameStars.Options(context.parameters)
    var points: [FrameStars] = []
    for frame in work.frames { points.append(try FrameStars(of: frame, options)) }
    let isStars = context.parameters.string("points") == "stars"
    let seen =
      try isStars
      ? StarObjects(work.frames, points, in: context).observed : PinholeObjects(work.frames, points).observed
    let solution = try problem(seen, first, in: context).solved()
    report(solution, to: &work, in: context)
    work.frames = [DistortionFrame(solution, like: first).frame]
    return .complete
  }

  private func problem(_ seen: ObservedObjects, _ first: Frame, in context: StepContext) -> DistortionProblem
  {
    let parameters = context.parameters
    return DistortionProblem(
      width: first.width, height: first.height, objects: seen.objects,
      freedom: seen.isUnknown ? .infinity : parameters.number("freedom") ?? 0,
      observations: seen.observations,
      order: parameters.integer("order") ?? 4, kappa: parameters.number("sigma_clip") ?? 3,
      largestRMS: parameters.number("max_rms") ?? 0.1, largestHole: parameters.number("max_hole") ?? 0.25)
  }

  private func report(_ solution: DistortionSolution, to work: inout Workpiece, in context: StepContext) {
    let used = solution.isUsed.filter { $0 }.count
    work.quality["distortion_rms"] = solution.rms
    work.quality["distortion_points"] = Double(used)
    work.quality["distortion_rejected"] = Double(solution.isUsed.count - used)
    work.quality["distortion_hole"] = solution.hole
    context.note(
      "distortion of order \(solution.distortion.order): \(used) points of \(solution.isUsed.count), rms \(Float(solution.rms)) pixel"
    )
  }
}

/// Objects, and where exposures show them.
struct ObservedObjects {
  var objects: [PixelPosition] = []
  var observations: [DistortionProblem.Observation] = []
  /// Whether nothing is known of the objects' places.
  var isUnknown = false

  /// Adds a point; its error is never taken to be below 0.001 pixel.
  mutating func add(_ object: Int, _ exposure: Int, _ stars: FrameStars, _ i: Int) {
    observations.append(
      DistortionProblem.Observation(
        exposure: exposure, object: object, pixel: stars.pixels[i], error: max(stars.errors[i], 1e-3)))
  }
}
