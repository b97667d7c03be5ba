import DataModels
import PipelineEngine
import Pixels

/// Turns a ramp into a count rate.
public struct RampFitStep: Step {
  public static let declaration = StepDeclaration(
    name: "ramp_fit", className: "RampFitStep", summary: "Fit the count rate of each pixel's ramp",
    aliases: [
      "readoutsamp", "iris_pipeline.readout.ReadoutsampStep", "liger_iris_pipeline.readout.FitRampStep",
      "liger_iris_pipeline.FitRampStep", "liger_iris_pipeline.readout.ReadoutsampStep",
      "jwst.ramp_fitting.RampFitStep",
    ],
    statusKeyword: "S_RAMP",
    parameters: [
      Parameter(
        "method", .choice(["gls", "optimal", "utr", "cds", "mcds"]), default: .string("gls"),
        help:
          "least squares with the noise of each pixel, with weights by signal, with equal weights, last minus first, or "
          + "group means",
        aliases: ["mode"]),
      Parameter(
        "num_coadd", .integer(1...1000), default: .none,
        help: "reads in each of the two groups of mcds; None: half of the reads"),
      Parameter(
        "read_spacing", .number(1e-9...1e6), default: .none, unit: "s",
        help: "time between reads, for files that do not give their times"),
      Parameter(
        "saturation", .number(1...1e9), default: .none, unit: "adu",
        help: "reads from this level on are not used"),
      Parameter(
        "header_rules", .list, default: .list([]),
        help: "how headers of single readouts are merged, before the table: KEYWORD rule, KEYWORD rule"),
    ],
    referenceTypes: DetectorNoise.referenceTypes, intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let ramp = work.ramp, let member = ramp.members.first else {
      return .skipped(reason: "there is no ramp")
    }
    if ramp.live != nil { return try LiveFit(ramp: ramp, context: context).run(&work) }
    let spacing = context.parameters.number("read_spacing")
    let (times, origin) = try ramp.requiredTimes(readSpacing: spacing)
    context.note("read times from \(origin)")
    let noise = try DetectorNoise(of: ramp, in: context)
    let options = try options(for: ramp, times: times, noise, in: context)
    let shape = ramp.shape
    try options.validate(integrations: shape.integrations, reads: shape.reads)
    let fit = try Self.fit(ramp, options, noise)
    if !noise.isKnown {
      context.note(
        "no GAIN and READNOIS: ERR is the fit's own scatter, flagged UNRELIABLE_ERROR"
          + ([.gls, .optimal].contains(options.method) ? "; equal weights (utr)" : ""))
    }
    work.frames = [ramp.frame(fit.measured, member: member, times: times, origin: origin)]
    work.variancePoisson = fit.variancePoisson
    work.varianceReadNoise = fit.varianceReadNoise
    work.ramp = nil
    return .complete
  }

  private func options(
    for ramp: RampExposure, times: [[Double]], _ noise: DetectorNoise, in context: StepContext
  ) throws -> RampFitOptions {
    let reads = ramp.shape.reads
    let method: RampFitOptions.Method =
      switch context.parameters.string("method") {
      case "cds": .cds
      case "mcds": .mcds(numCoadd: context.parameters.integer("num_coadd") ?? max(1, reads / 2))
      case "utr": .utr
      case "optimal": .optimal
      default: .gls
      }
    return RampFitOptions(
      method: method, times: times, gain: noise.gain, readNoise: noise.readNoise,
      saturation: context.parameters.number("saturation").map { Float($0) }
        ?? (ramp.isSaturationFlagged ? nil : ramp.fullScale),
      zeroIsKnown: ramp.isZeroKnown)
  }

  /// One pass over the ramp: each band is read, goes through the steps before, and is fitted.
  private static func fit(
    _ ramp: RampExposure, _ options: RampFitOptions, _ noise: DetectorNoise
  ) throws -> RampFit {
    let assembly = RampFitAssembly(
      width: ramp.shape.width, height: ramp.shape.height, countsReads: false)
    try ramp.forEachWideBand { band, part, rows in
      var own = options
      (own.gainPlane, own.readNoisePlane) = try noise.planes(part)
      fitRamp(band, beginningWith: part.y0, options: own, into: assembly, rows: rows)
    }
    return assembly.fit()
  }
}
