import PipelineEngine

/// Leaves out flats that are too faint or too bright to serve.
public struct SelectFlatsStep: Step {
  public static let declaration = StepDeclaration(
    name: "select_flats", className: "SelectFlatsStep",
    summary: "Leave out flats that are too faint or too bright",
    statusKeyword: "S_SELFLT",
    parameters: [
      Parameter(
        "min_level", .number(0...1e9), default: .number(1000), unit: "electron",
        help: "flats of which the illuminated pixels have a lower median are rejected"),
      Parameter(
        "full_well", .number(1...1e9), default: .number(90000), unit: "electron",
        help: "electrons at which a pixel saturates"),
      Parameter(
        "max_fraction", .number(0...1), default: .number(0.7),
        help: "flats whose median is above this share of the full well are rejected"),
    ], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    var kept: [Frame] = []
    var reasons: [String] = []
    var judged = 0
    for frame in work.frames {
      guard let scale = electronsPerUnit(of: frame) else {
        context.note("\(frame.member.name) has no GAIN or no EXPTIME: its level cannot be judged")
        kept.append(frame)
        continue
      }
      judged += 1
      if let reason = reason(against: try FlatLevel(of: frame), scale, in: context) {
        reasons.append("\(frame.member.name) \(reason)")
        context.degrade("\(frame.member.name) was left out: it \(reason)")
      } else {
        kept.append(frame)
      }
    }
    guard !kept.isEmpty else {
      throw EngineError(
        "flat-level", "no flat can serve: \(reasons.joined(separator: "; "))",
        subject: work.frames.map(\.member.name).joined(separator: ", "),
        hint: "expose so that the median is 1000 electrons to 70 % of the full well")
    }
    work.frames = kept
    return judged > 0 ? .complete : .skipped(reason: "no flat says its GAIN and EXPTIME")
  }

  /// Electrons of one ramp per unit of the frame; nil when the header does not say enough.
  private func electronsPerUnit(of frame: Frame) -> Double? {
    guard let seconds = frame.metadata.exposureSeconds, seconds > 0 else { return nil }
    switch frame.unit {
    case "adu/s":
      guard let gain = frame.metadata.gain, gain > 0 else { return nil }
      return seconds * gain
    case "electron/s": return seconds
    default: return nil
    }
  }

  private func reason(against flat: FlatLevel, _ scale: Double, in context: StepContext) -> String? {
    if flat.isSaturated {
      return "is saturated in \(Int((100 * flat.saturated).rounded())) % of its illuminated pixels"
    }
    guard flat.median.isFinite else { return "has no good pixel" }
    let electrons = flat.median * scale
    let least = context.parameters.number("min_level") ?? 0
    let most =
      (context.parameters.number("full_well") ?? .infinity)
      * (context.parameters.number("max_fraction") ?? 1)
    let level = "has a median of \(Int(electrons.rounded())) electrons"
    if !(electrons >= least) { return "\(level), less than \(Int(least))" }
    return electrons > most ? "\(level), more than \(Int(most)) (of the full well)" : nil
  }
}
