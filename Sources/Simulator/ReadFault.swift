/// Something that goes wrong with one read of an exposure.
public struct ReadFault: Sendable, Hashable {
  /// What goes wrong.
  public enum Kind: Sendable, Hashable {
    /// The file never comes.
    case missing
    /// The upper half of the frame was not read: zeros, and `COMPLETE` = F.
    case incomplete
    /// The file ends after two thirds of it.
    case truncated
    /// Bytes of the data are not those that were written: `DATASUM` does not fit.
    case corrupted
    /// The file comes so many seconds later than it should.
    case late(seconds: Double)
    /// Poor seeing or an open loop: `READQUAL` says `quality`, and the whole read is `glitch` adu too high.
    case poor(quality: Double, glitch: Double)
  }

  /// Ramp and read, from 0.
  public var ramp: Int
  public var read: Int
  public var kind: Kind

  /// A fault of one read.
  public init(ramp: Int = 0, read: Int, kind: Kind) {
    self.ramp = ramp
    self.read = read
    self.kind = kind
  }

  /// One word for it, as manifests write it.
  public var name: String {
    switch kind {
    case .missing: "missing"
    case .incomplete: "incomplete"
    case .truncated: "truncated"
    case .corrupted: "corrupted"
    case .late: "late"
    case .poor: "poor"
    }
  }
}

extension Exposure {
  /// The fault of one read among `names`, if it has one.
  func fault(ramp: Int, read: Int, among names: Set<String>) -> ReadFault? {
    faults.first { $0.ramp == ramp && $0.read == read && names.contains($0.name) }
  }

  /// What poor reads of a ramp are too high by, adu; 0 for the others.
  func glitches(ramp: Int, reads: Int) -> [Double] {
    var glitches = [Double](repeating: 0, count: reads)
    for fault in faults where fault.ramp == ramp && glitches.indices.contains(fault.read) {
      if case .poor(_, let glitch) = fault.kind { glitches[fault.read] += glitch }
    }
    return glitches
  }

  /// `READQUAL` of each read of each ramp: 1 is best.
  ///
  /// - Parameters:
  ///   - least: ordinary reads are uniform from here to 1.
  ///   - stream: names the exposure among all of a seed.
  func readQuality(least: Double, stream: [UInt64]) -> [[Double]] {
    var random = RandomStream(keys: stream + [0x90a1])
    return (0..<ramps).map { ramp in
      (0..<sampling.readsPerRamp).map { read in
        let ordinary = (random.uniform(in: least..<max(1, least.nextUp)) * 1000).rounded() / 1000
        guard case .poor(let quality, _)? = fault(ramp: ramp, read: read, among: ["poor"])?.kind else {
          return ordinary
        }
        return quality
      }
    }
  }
}
