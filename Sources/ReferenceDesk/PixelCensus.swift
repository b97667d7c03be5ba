/// What the pixels of a reference were counted to be, whoever read them.
public struct PixelCensus: Sendable, Equatable {
  public var pixels = 0
  /// Neither a number nor flagged `DO_NOT_USE` or by a NO_* or UNRELIABLE_* flag.
  public var unflaggedNaN = 0
  /// Not above 0 and not flagged.
  public var unflaggedNotPositive = 0
  public var negativeErrors = 0
  /// Flagged `DO_NOT_USE`.
  public var unusable = 0
  /// Pixels by the names of flags that stand in DQ.
  public var flags: [String: Int] = [:]
  /// DQ values that no 32-bit word of flags can have.
  public var beyondFlags = 0

  public init() {}
}

extension ReferenceCertifier {
  /// More pixels than this not to be used, and the file is told of.
  private static let largestUnusableFraction = 0.5

  /// What the pixels tell.
  public func findings(_ census: PixelCensus) -> [ReferenceFinding] {
    var findings: [ReferenceFinding] = []
    func add(_ state: ReferenceFinding.State, _ subject: String, _ count: Int, _ what: String) {
      guard count > 0 else { return }
      let share = census.pixels > 0 ? " of \(census.pixels)" : ""
      findings.append(ReferenceFinding(state, subject, "\(count)\(share) pixels \(what)"))
    }
    let isMask = type == "mask"
    if !isMask { add(.problem, "SCI", census.unflaggedNaN, "are not a number and not flagged") }
    if schema.isRatio { add(.problem, "SCI", census.unflaggedNotPositive, "are not above 0 and not flagged") }
    add(.problem, "ERR", census.negativeErrors, "have an error below 0")
    add(.problem, "DQ", census.beyondFlags, "have a value that is no word of 32 flags")
    if let permitted = schema.flags {
      for (name, count) in census.flags.sorted(by: { $0.key < $1.key }) where !permitted.contains(name) {
        add(
          .problem, "DQ", count,
          "are flagged \(name), which says nothing lasting and has no place in a \(type)")
      }
    }
    if census.pixels > 0 {
      let fraction = Double(census.unusable) / Double(census.pixels)
      if census.unusable == census.pixels {
        add(.problem, "DQ", census.unusable, "are flagged DO_NOT_USE: nothing is left")
      } else if fraction > Self.largestUnusableFraction {
        add(.warning, "DQ", census.unusable, "are flagged DO_NOT_USE")
      }
    }
    return findings
  }
}
