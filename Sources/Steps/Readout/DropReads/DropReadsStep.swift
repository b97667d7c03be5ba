import DataModels
import PipelineEngine
import Pixels

/// Leaves out reads that are no good, by a list or by a number that each read carries.
public struct DropReadsStep: Step {
  public static let declaration = StepDeclaration(
    name: "drop_reads", className: "DropReadsStep", summary: "Leave out bad reads of the ramps",
    aliases: [],
    statusKeyword: "S_DROPRD",
    parameters: [
      Parameter(
        "reads", .list, default: .list([]),
        help: "reads to leave out, by number from 1 in every ramp, or RAMP:READ in one"),
      Parameter(
        "quality", .string, default: .string("READQUAL"),
        help:
          "extension (ramp, read) of the ramp file, or keyword of the single readouts, with a number per read"
      ),
      Parameter(
        "minimum", .number(-1e30...1e30), default: .none, help: "reads whose number is less are left out"),
      Parameter(
        "maximum", .number(-1e30...1e30), default: .none, help: "reads whose number is greater are left out"),
    ],
    intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let ramp = work.ramp else { return .skipped(reason: "there is no ramp") }
    guard ramp.live == nil else { return .skipped(reason: "reads are taken as they land") }
    var dropped = try listed(context.parameters["reads"], ramp.shape)
    for (integration, reads) in dropped.sorted(by: { $0.key < $1.key }) {
      for read in reads.sorted() {
        context.note("read \(read + 1) of ramp \(integration + 1) is left out: it is in the list")
      }
    }
    let judged = try judge(ramp, in: context, &dropped)
    guard judged || !dropped.isEmpty else {
      return .skipped(reason: "no list of reads and no threshold of their quality")
    }
    let count = dropped.values.reduce(0) { $0 + $1.count }
    work.quality["reads_dropped"] = Double(count)
    if count == ramp.shape.integrations * ramp.shape.reads { context.degrade("every read is left out") }
    guard count > 0 else { return .complete }
    let final = dropped
    work.ramp?.apply(RampOperation { band, _ in band.excludeReads(final) })
    return .complete
  }

  /// The reads of the list, from 0.
  /// - Throws: `bad-read-number` naming what is no read of the ramp.
  private func listed(_ setting: ParameterSetting, _ shape: RampShape) throws(EngineError) -> [Int: Set<Int>]
  {
    guard case .list(let items) = setting else { return [:] }
    var dropped: [Int: Set<Int>] = [:]
    for item in items {
      let numbers = item.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      let ramp = numbers.count == 2 ? numbers[0] : 1
      guard numbers.count <= 2, let read = numbers.last ?? nil, (1...shape.reads).contains(read),
        let ramp, (1...shape.integrations).contains(ramp)
      else {
        throw EngineError(
          "bad-read-number",
          "'\(item)' is no read of \(shape.integrations) ramps of \(shape.reads) reads", subject: "reads",
          hint: "numbers count from 1: --set drop_reads.reads=3 or RAMP:READ, as in 2:5")
      }
      let integrations = numbers.count == 2 ? ramp - 1..<ramp : 0..<shape.integrations
      for integration in integrations { dropped[integration, default: []].insert(read - 1) }
    }
    return dropped
  }

  /// Adds the reads whose number is outside of the thresholds; false when there are no thresholds or no numbers.
  private func judge(
    _ ramp: RampExposure, in context: StepContext, _ dropped: inout [Int: Set<Int>]
  ) throws -> Bool {
    let minimum = context.parameters.number("minimum")
    let maximum = context.parameters.number("maximum")
    guard minimum != nil || maximum != nil, let name = context.parameters.string("quality") else {
      return false
    }
    let paths = ramp.members.map(\.path)
    guard let quality = try ReadQuality(named: name, in: paths, shape: ramp.shape) else {
      context.degrade("no read is judged: there is no \(name) in the extensions or headers of the exposure")
      return false
    }
    for (integration, values) in quality.values.enumerated() {
      for (read, value) in values.enumerated() {
        guard let value, let reason = Self.reason(value, name, minimum, maximum) else { continue }
        guard dropped[integration, default: []].insert(read).inserted else { continue }
        context.note("read \(read + 1) of ramp \(integration + 1) is left out: \(reason)")
      }
    }
    return true
  }

  private static func reason(_ value: Double, _ name: String, _ minimum: Double?, _ maximum: Double?)
    -> String?
  {
    if let minimum, value < minimum { return "\(name) \(value) is under \(minimum)" }
    if let maximum, value > maximum { return "\(name) \(value) is over \(maximum)" }
    return nil
  }
}
