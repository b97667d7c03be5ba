/// Which readouts of one detector and exposure number belong to one exposure: pure, and the same whatever the order
/// in which they came.
///
/// An exposure is (`DET_ID`, `EXP_NO`, first `RST_TIME`), but a readout tells only the reset of its own ramp, and the
/// first ramp's may be missing. So the ramps are put in the order of their resets, and an exposure goes on as long as
/// `RAMP_NO` rises:
///
/// 1. Readouts with one `RST_TIME` and `RAMP_NO` are one ramp.
/// 2. A ramp whose number does not rise begins another exposure: the counter was reset, or the number used again.
/// 3. So does a ramp that comes later than its number allows: more than `gap` for each ramp from the last one.
/// 4. Where the raw frames of two ramps are known, these decide, before 2 and 3: `DATE-BEG..DATE-END` holds them.
public struct ReadoutGrouping: Sendable {
  /// The longest time between the resets of two ramps that follow each other, from the seconds of a ramp.
  public typealias Gap = @Sendable (_ rampSeconds: Double) -> Double

  private let gap: Gap

  public init(gap: @escaping Gap) {
    self.gap = gap
  }

  /// The exposures, in the order of their first resets; the readouts of each by ramp and read.
  public func exposures(_ readouts: [Exposure]) -> [[Exposure]] {
    var exposures: [[Ramp]] = []
    for ramp in ramps(readouts) {
      if let last = exposures.last?.last, belongs(ramp, after: last) {
        exposures[exposures.count - 1].append(ramp)
      } else {
        exposures.append([ramp])
      }
    }
    return exposures.map { ramps in ramps.flatMap(\.readouts) }
  }

  // MARK: ramps

  private struct Ramp {
    var number: Int
    /// Seconds on the clock of the resets, or of the reads where these do not tell their reset.
    var time: Double
    var readouts: [Exposure]

    var rawFrame: String? { readouts.lazy.compactMap { $0["raw_frame"] }.first }
    var seconds: Double { readouts.compactMap { $0.number("ramp_time") }.max() ?? 0 }
  }

  private struct RampKey: Hashable {
    var reset: String
    var number: Int
  }

  private func ramps(_ readouts: [Exposure]) -> [Ramp] {
    let timed = Dictionary(grouping: readouts.filter { $0.number("reset") != nil }) {
      RampKey(reset: $0["reset"] ?? "", number: $0.integer("ramp") ?? 0)
    }
    let known = timed.map { key, readouts in
      Ramp(number: key.number, time: (Double(key.reset) ?? 0) / 1e6, readouts: Self.inOrder(readouts))
    }
    return (known + untimed(readouts.filter { $0.number("reset") == nil })).sorted {
      ($0.time, $0.number) < ($1.time, $1.number)
    }
  }

  /// Readouts that do not tell their reset: those of one ramp number, as long as none lets wait too long.
  private func untimed(_ readouts: [Exposure]) -> [Ramp] {
    var ramps: [Int: [Ramp]] = [:]
    for readout in readouts.sorted(by: { ($0.start, $0.id) < ($1.start, $1.id) }) {
      let number = readout.integer("ramp") ?? 0
      var own = ramps[number] ?? []
      if let last = own.last?.readouts.last,
        readout.start - last.start <= gap(readout.number("ramp_time") ?? 0)
      {
        own[own.count - 1].readouts.append(readout)
      } else {
        own.append(Ramp(number: number, time: readout.start, readouts: [readout]))
      }
      ramps[number] = own
    }
    return ramps.values.flatMap { $0 }
  }

  private static func inOrder(_ readouts: [Exposure]) -> [Exposure] {
    readouts.sorted { ($0.integer("read") ?? 0, $0.id) < ($1.integer("read") ?? 0, $1.id) }
  }

  private func belongs(_ ramp: Ramp, after last: Ramp) -> Bool {
    if let mine = ramp.rawFrame, let theirs = last.rawFrame { return mine == theirs }
    guard ramp.number > last.number else { return false }
    let steps = Double(ramp.number - last.number)
    return ramp.time - last.time <= steps * gap(max(ramp.seconds, last.seconds))
  }
}
