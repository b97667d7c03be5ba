/// How the detector is read during one ramp.
public enum Sampling: Sendable, Hashable, Codable {
  /// Correlated double sampling: one read after the reset, one at the end.
  case cds
  /// Up the ramp: `reads` (≥ 2) equally spaced reads.
  case utr(reads: Int)
  /// Multiple correlated double sampling: `reads` back-to-back reads at the start and as many at the end.
  case mcds(reads: Int)

  /// The value of `READMODE` and `SAMPMODE`.
  public var readMode: String {
    switch self {
    case .cds: "CDS"
    case .utr: "UTR"
    case .mcds: "MCDS"
    }
  }

  /// All reads of a ramp: the value of `NGROUPS`.
  public var readsPerRamp: Int {
    switch self {
    case .cds: 2
    case .utr(let reads): reads
    case .mcds(let reads): 2 * reads
    }
  }

  /// The value of `NUMREADS`: of MCDS the reads of each group, else all of them (1 for CDS).
  public var commandedReads: Int {
    switch self {
    case .cds: 1
    case .utr(let reads), .mcds(let reads): reads
    }
  }

  /// Reads `CDS`, `UTR:6` or `MCDS:4` (as the command line writes them); nil when it is none of these.
  public init?(_ text: String) {
    let parts = text.uppercased().split(separator: ":")
    switch (parts.first, parts.dropFirst().first.flatMap { Int($0) }) {
    case ("CDS", nil): self = .cds
    case ("UTR", let reads?) where reads >= 2 && reads <= 1000: self = .utr(reads: reads)
    case ("MCDS", let reads?), ("MDS", let reads?):
      guard reads >= 1 && reads <= 500 else { return nil }
      self = .mcds(reads: reads)
    default: return nil
    }
  }
}
