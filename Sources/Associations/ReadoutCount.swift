/// How many reads an exposure has, of how many, in words.
public struct ReadoutCount: Sendable, Equatable {
  /// Reads that are here.
  public var here: Int
  /// Reads of all ramps, nil when no header declares them.
  public var declared: Int?
  /// Reads between others that are not here, as `(ramp, read)`.
  public var gaps: [Gap]

  /// A read that others enclose and that is not here.
  public struct Gap: Sendable, Hashable {
    public var ramp: Int
    public var read: Int
  }

  /// Counts the readouts of one exposure. `READ_NO` may begin at 0 or at 1: only what lies between the lowest and the
  /// highest number of any ramp is named as missing.
  public init(_ readouts: [Exposure]) {
    here = readouts.count
    declared = readouts.compactMap { $0.integer("reads_expected") }.max()
    let numbers = readouts.compactMap { $0.integer("read") }
    var ramps: [Int: Set<Int>] = [:]
    for readout in readouts {
      if let ramp = readout.integer("ramp"), let read = readout.integer("read") {
        ramps[ramp, default: []].insert(read)
      }
    }
    guard let low = numbers.min(), let high = numbers.max(), high - low < Self.most else {
      gaps = []
      return
    }
    gaps = ramps.keys.sorted().flatMap { ramp in
      (low...high).filter { ramps[ramp]?.contains($0) == false }.map { Gap(ramp: ramp, read: $0) }
    }
  }

  /// More reads than any ramp has: numbers so far apart are no count.
  private static let most = 100_000

  public var isComplete: Bool { declared.map { here >= $0 } ?? false }

  /// When the exposure should be over, seconds since 1970 UTC: the last ramp known, and as many more as are declared.
  /// nil when its headers tell neither reset nor ramps.
  public static func expectedEnd(_ readouts: [Exposure]) -> Double? {
    guard let length = readouts.compactMap({ $0.number("ramp_time") }).max(),
      let last = readouts.max(by: { ($0.number("reset") ?? 0) < ($1.number("reset") ?? 0) }),
      let reset = last.number("reset"), reset > Self.firstAbsolute, let ramp = last.integer("ramp")
    else { return nil }
    let ramps = readouts.compactMap { $0.integer("ramps_expected") }.max() ?? 1
    let first = readouts.compactMap { $0.integer("ramp") }.min() ?? ramp
    let left = max(1, ramps - (ramp - first))
    return reset / 1e6 - 40_587 * 86_400 + Double(left) * length
  }

  /// MJD 50,000 in microseconds: an earlier clock counts from elsewhere.
  private static let firstAbsolute = 50_000 * 86_400e6

  /// `18 of 20 reads are here`, and which are known to be missing.
  public var sentence: String {
    let count = declared.map { "\(here) of \($0) reads are here" } ?? "\(here) reads are here, none declared"
    let missing = gapText
    return missing.isEmpty ? count : "\(count), without \(missing)"
  }

  /// `read 3 of ramp 0 and read 7 of ramp 1`; at most five by name.
  public var gapText: String {
    let names = gaps.prefix(5).map { "read \($0.read) of ramp \($0.ramp)" }
    let more = gaps.count > 5 ? ["\(gaps.count - 5) more"] : []
    let all = names + more
    guard let last = all.last, all.count > 1 else { return all.first ?? "" }
    return all.dropLast().joined(separator: ", ") + " and " + last
  }
}
