import Glibc
import Pixels

/// What one ramp suffers that follows from no pixel alone; drawn before its rows are read.
struct RampDisturbance: Sendable {
  /// Cosmic rays by row of the window.
  let hits: [Int: [CosmicRay]]
  /// Level of each output in this ramp, adu; its drift, and that of odd against even columns, adu/s.
  let shifts: [Double]
  let drifts: [Double]
  let parityDrifts: [Double]
  /// Level of each read over its neighbours, adu (a glitch of the electronics in a read of poor quality).
  let glitches: [Double]
  /// Electrons that each pixel of the detector holds at the reset, from earlier exposures.
  let trapped: Plane<Float>?
  /// Seconds from the exposure's first reset to this ramp's.
  let start: Double
}

/// Draws what the ramps of one exposure suffer.
struct DisturbancePlan {
  let detector: DetectorModel
  let model: ReadoutModel
  let exposure: Exposure
  let size: Int
  /// Names the exposure among all of a seed.
  let stream: [UInt64]

  private var window: ReadWindow { exposure.readWindow(size: size) }

  /// The disturbances of all ramps (of coadds each), and the charge that is left in the detector at the first reset.
  func draw(memory: PersistenceMemory?) -> [RampDisturbance] {
    let times = exposure.timing(size: size).readTimes
    let shower = CosmicRayShower(options: model.options, window: window, detectorSize: size)
    return (0..<exposure.ramps * exposure.coadds).map { ramp in
      var random = RandomStream(keys: stream + [UInt64(ramp), 0xd157])
      var rays = RandomStream(keys: stream + [UInt64(ramp), 0xc051])
      let hits = shower.draw(ramp: ramp, readTimes: times, random: &rays)
      let reset = exposure.reset(single: ramp, size: size)
      return RampDisturbance(
        hits: Dictionary(grouping: hits, by: \.y), shifts: draw(model.options.channelShift, &random),
        drifts: draw(model.options.channelDrift, &random),
        parityDrifts: draw(model.options.oddEvenDrift, &random),
        glitches: exposure.glitches(ramp: ramp / exposure.coadds, reads: times.count),
        trapped: trapped(memory, at: reset), start: reset.seconds(since: exposure.begin))
    }
  }

  private func draw(_ sigma: Double, _ random: inout RandomStream) -> [Double] {
    (0..<model.stripes.count).map { _ in sigma * normalDeviate(&random) }
  }

  private func trapped(_ memory: PersistenceMemory?, at reset: SimulatedTime) -> Plane<Float>? {
    guard var memory, model.options.persistence > 0 else { return nil }
    memory.advance(to: reset)
    return memory.trapped
  }
}
