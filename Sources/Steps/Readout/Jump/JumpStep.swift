import DataModels
import PipelineEngine
import Pixels

/// Finds cosmic rays in the ramps.
public struct JumpStep: Step {
  public static let declaration = StepDeclaration(
    name: "jump", className: "JumpStep", summary: "Find jumps in the ramps: cosmic rays",
    aliases: ["jwst.jump.JumpStep", "liger_iris_pipeline.jump.JumpStep", "liger_iris_pipeline.JumpStep"],
    statusKeyword: "S_JUMP",
    parameters: [
      Parameter(
        "method", .choice(["two_point", "likelihood"]), default: .string("two_point"),
        help: "against the median difference, or by what the fit gains without a difference"),
      Parameter(
        "rejection_threshold", .number(1...30), default: .number(4.5), unit: "sigma",
        help: "differences from here on are jumps"),
      Parameter(
        "three_group_rejection_threshold", .number(1...30), default: .number(6), unit: "sigma",
        help: "the same with two differences, two_point only"),
      Parameter(
        "four_group_rejection_threshold", .number(1...30), default: .number(5), unit: "sigma",
        help: "the same with three differences, two_point only"),
      Parameter(
        "flag_4_neighbors", .boolean, default: .boolean(true),
        help: "whether a jump flags its four neighbours"),
      Parameter(
        "min_jump_to_flag_neighbors", .number(0...1e9), default: .number(10), unit: "sigma",
        help: "smaller jumps leave their neighbours alone"),
      Parameter(
        "max_jump_to_flag_neighbors", .number(0...1e9), default: .number(200), unit: "sigma",
        help: "so do greater ones"),
      Parameter(
        "after_jump_flag_dn1", .number(0...1e9), default: .number(0), unit: "adu",
        help: "jumps from here on flag the reads of after_jump_flag_time1 too"),
      Parameter(
        "after_jump_flag_time1", .number(0...1e6), default: .number(0), unit: "s",
        help: "how long after such a jump; 0 for not at all"),
      Parameter(
        "after_jump_flag_dn2", .number(0...1e9), default: .number(0), unit: "adu", help: "a second rule"),
      Parameter(
        "after_jump_flag_time2", .number(0...1e6), default: .number(0), unit: "s",
        help: "how long after such a jump; 0 for not at all"),
    ],
    referenceTypes: DetectorNoise.referenceTypes, intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let ramp = work.ramp else { return .skipped(reason: "there is no ramp") }
    guard ramp.shape.integrations * (ramp.shape.reads - 1) >= 2 else {
      return .skipped(reason: "jumps need three reads or more")
    }
    guard ramp.live == nil else {
      return .skipped(reason: "reads are taken as they land, and jumps are told by the whole ramp")
    }
    let noise = try DetectorNoise(of: ramp, in: context)
    guard noise.isKnown else {
      return .skipped(reason: "no GAIN and READNOIS: jumps cannot be told from noise")
    }
    var options = try options(for: ramp, in: context.parameters)
    options.gain = noise.gain
    options.readNoise = noise.readNoise
    // References come with the bands: what is checked here is the rest.
    var checked = options
    checked.gain = noise.gain ?? 1
    checked.readNoise = noise.readNoise ?? 1
    try checked.validate(integrations: ramp.shape.integrations, reads: ramp.shape.reads)
    let final = options
    work.ramp?.apply(
      RampOperation(halo: final.neighbours == nil ? 0 : 1) { band, part in
        var own = final
        (own.gainPlane, own.readNoisePlane) = try noise.planes(part)
        detectJumps(in: &band, options: own)
      })
    return .complete
  }

  private func options(for ramp: RampExposure, in parameters: ParameterSet) throws -> JumpOptions {
    // Only the proportions of the times matter here: reads that do not tell theirs are equally spaced.
    let times = try ramp.requiredTimes(readSpacing: 1).times
    let isLikelihood = parameters.string("method") == "likelihood"
    var options = JumpOptions(method: isLikelihood ? .likelihood : .twoPoint, times: times)
    func sigma(_ name: String, _ standard: Double) -> Float { Float(parameters.number(name) ?? standard) }
    options.rejection = sigma("rejection_threshold", 4.5)
    options.rejectionOfThree = sigma("four_group_rejection_threshold", 5)
    options.rejectionOfTwo = sigma("three_group_rejection_threshold", 6)
    options.saturation = ramp.isSaturationFlagged ? nil : ramp.fullScale
    let least = sigma("min_jump_to_flag_neighbors", 10)
    let most = sigma("max_jump_to_flag_neighbors", 200)
    options.neighbours = parameters.boolean("flag_4_neighbors") && least <= most ? least...most : nil
    options.transients = ["1", "2"].compactMap { number in
      let seconds = parameters.number("after_jump_flag_time\(number)") ?? 0
      guard seconds > 0 else { return nil }
      return JumpOptions.Transient(counts: sigma("after_jump_flag_dn\(number)", 0), seconds: seconds)
    }
    return options
  }
}
