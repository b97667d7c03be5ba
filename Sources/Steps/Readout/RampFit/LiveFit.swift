import DataModels
import PipelineEngine
import Pixels

/// Fits an exposure whose readouts are still landing: each read is taken in as it comes, and the frame is there with the
/// last one.
struct LiveFit {
  let ramp: RampExposure
  let context: StepContext

  func run(_ work: inout Workpiece) throws -> StepOutcome {
    guard let live = ramp.live, let member = ramp.members.first else {
      return .skipped(reason: "there is no ramp")
    }
    let options = try options()
    let fit = try RunningFit(
      width: ramp.shape.width, height: ramp.shape.height, options: options, countsReads: false)
    fit.prepare()
    let times = try takeReads(into: fit)
    let landed = try live.finished(rules: context.parameters.headerRules())
    for sentence in landed.missing { context.degrade(sentence) }
    for sentence in landed.notes { context.note(sentence) }
    let result = fit.fit()
    var finished = ramp
    finished.land(landed.header)
    work.frames = [
      finished.frame(result.measured, member: member, times: times, origin: "READTIME-RST_TIME")
    ]
    work.variancePoisson = result.variancePoisson
    work.varianceReadNoise = result.varianceReadNoise
    work.landed = landed.files.map { Member(name: fileName(of: $0), path: $0, exptype: member.exptype) }
    work.ramp = nil
    return .complete
  }

  /// Times of the reads that were taken, by ramp.
  private func takeReads(into fit: RunningFit) throws -> [[Double]] {
    var times: [[Double]] = []
    var current: Int?
    while let read = try ramp.nextRead() {
      if let current, current != read.ramp { fit.endIntegration() }
      if current != read.ramp { times.append([]) }
      current = read.ramp
      let seconds = try seconds(of: read)
      guard times[times.count - 1].last.map({ $0 < seconds }) ?? true else {
        throw EngineError(
          "bad-read-times", "read \(read.read) of ramp \(read.ramp) is not later than the one before it",
          subject: ramp.members[0].name)
      }
      fit.add(read.band, at: seconds)
      times[times.count - 1].append(seconds)
      context.logger.info(
        "read \(read.read) of ramp \(read.ramp): \(times.reduce(0) { $0 + $1.count }) taken")
    }
    return times
  }

  private func seconds(of read: RampExposure.LandedRead) throws -> Double {
    if let seconds = read.seconds { return seconds }
    guard let spacing = context.parameters.number("read_spacing") else {
      throw EngineError(
        "missing-read-times", "read \(read.read) has no READTIME and RST_TIME, and no read_spacing was given",
        subject: ramp.members[0].name,
        hint: "give the seconds between reads: --set ramp_fit.read_spacing=SECONDS")
    }
    return Double(read.read + 1) * spacing
  }

  /// `gls` and `optimal` weigh reads by what the whole ramp says, which is not known while it lands.
  private func options() throws -> RunningFitOptions {
    let reads = ramp.shape.reads
    let method: RunningFitOptions.Method
    switch context.parameters.string("method") {
    case "cds": method = .cds
    case "mcds":
      let coadds = context.parameters.integer("num_coadd") ?? max(1, reads / 2)
      method = .mcds(numCoadd: coadds, expectedReads: reads)
    case "utr": method = .utr
    default:
      context.note(
        "reads are taken as they land: equal weights (utr), not those that the whole ramp asks for")
      method = .utr
    }
    let noise = try DetectorNoise(of: ramp, in: context)
    let planes = try noise.planes(ramp.extent)
    return RunningFitOptions(
      method: method, gain: noise.gain, readNoise: noise.readNoise, gainPlane: planes.gain,
      readNoisePlane: planes.readNoise,
      saturation: context.parameters.number("saturation").map { Float($0) }
        ?? (ramp.isSaturationFlagged ? nil : ramp.fullScale))
  }
}
