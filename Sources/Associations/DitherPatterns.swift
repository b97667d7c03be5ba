/// How complete the dither patterns of some frames are.
///
/// Positions are counted for each detector, sequence and setting of the detector. A position that comes again, or that is
/// lower than the one before in time, begins the pattern anew and ends the one before. Frames at one position are told
/// apart by `frame` of `frames` (IFRAME of IFRAMES). Without these several frames in a row at a position after the first
/// are one position that was exposed more than once; another at the first begins anew.
public struct DitherPatterns: Sendable, Equatable {
  /// One pass through the positions with one detector.
  struct Pass: Sendable, Equatable {
    var detector: String
    var here: Int
    /// nil when the headers do not say how many there are.
    var declared: Int?
    /// A later pass has begun: it waits for nothing.
    var isOver: Bool

    var isShort: Bool { declared.map { here < $0 } ?? false }
  }

  private struct Stream: Hashable, Comparable {
    var fields: [String]

    init(_ exposure: Exposure) {
      fields = ["detector", "sequence", "subarray", "readmode", "exptime"].map { exposure[$0] ?? "" }
    }

    static func < (a: Stream, b: Stream) -> Bool { a.fields.lexicographicallyPrecedes(b.fields) }
  }

  let passes: [Pass]
  private let total: Int

  init(_ members: [Exposure], position: String?, count: String?) {
    total = members.count
    let streams = Dictionary(grouping: members, by: Stream.init).sorted { $0.key < $1.key }
    passes = streams.flatMap { _, members in
      Self.passes(members.sorted { ($0.start, $0.id) < ($1.start, $1.id) }, position, count)
    }
  }

  private static func passes(_ frames: [Exposure], _ position: String?, _ count: String?) -> [Pass] {
    func place(_ frame: Exposure) -> Int? { position.flatMap { frame.integer($0) } }
    var runs: [[Exposure]] = []
    for frame in frames {
      let isNext =
        runs.last?.last.map { last in
          guard let mine = place(frame), let before = place(last) else { return true }
          return mine > before || mine == before && isMore(frame, after: last, at: mine)
        } ?? false
      if isNext { runs[runs.count - 1].append(frame) } else { runs.append([frame]) }
    }
    return runs.enumerated().map { index, run in
      Pass(
        detector: run[0]["detector"] ?? "", here: distinct(run, place),
        declared: count.flatMap { field in declared(run, place, field) }, isOver: index < runs.count - 1)
    }
  }

  /// Another of the frames at one position.
  private static func isMore(_ frame: Exposure, after last: Exposure, at position: Int) -> Bool {
    guard let mine = frame.integer("frame"), let before = last.integer("frame") else { return position > 1 }
    return mine > before
  }

  /// How many of the declared frames a run has: one that only repeats a position stands for no other.
  private static func distinct(_ run: [Exposure], _ place: (Exposure) -> Int?) -> Int {
    var seen: Set<[Int]> = []
    let several = run.contains { ($0.integer("frames") ?? 1) > 1 }
    return run.reduce(0) { count, frame in
      guard let position = place(frame), !several || frame.integer("frame") != nil else { return count + 1 }
      return count + (seen.insert([position, frame.integer("frame") ?? 0]).inserted ? 1 : 0)
    }
  }

  private static func declared(
    _ run: [Exposure], _ place: (Exposure) -> Int?, _ count: String
  ) -> Int? {
    guard run.contains(where: { place($0) != nil }),
      let positions = run.lazy.compactMap({ $0.integer(count) }).max(), positions > 0
    else { return nil }
    let frames = run.lazy.compactMap { $0.integer("frames") }.max() ?? 1
    return positions.multipliedReportingOverflow(by: max(1, frames)).partialValue
  }

  /// Number of frames that the headers declare; nil when some do not.
  public var declared: Int? {
    let numbers = passes.map(\.declared)
    return numbers.contains(nil) || numbers.isEmpty ? nil : numbers.compactMap { $0 }.reduce(0, &+)
  }

  /// True when the headers declare a number for every detector that delivered, and no pattern waits for a frame.
  public var isComplete: Bool {
    !passes.isEmpty && passes.allSatisfy { $0.declared != nil && ($0.isOver || !$0.isShort) }
  }

  /// `IMG1 4/5 frames; IMG2 3/5 frames`; nil when nothing is missing.
  public var shortfall: String? {
    let short = passes.filter(\.isShort).map(Self.sentence)
    return short.isEmpty ? nil : short.joined(separator: "; ")
  }

  /// What is here, for people: `IMG1 3/5 frames, IMG2 2/5 frames`.
  public var sentence: String {
    if declared == nil {
      return total == 1 ? "1 frame, no number is declared" : "\(total) frames, no number is declared"
    }
    return passes.map(Self.sentence).joined(separator: ", ")
  }

  private static func sentence(_ pass: Pass) -> String {
    "\(pass.detector.isEmpty ? "" : pass.detector + " ")\(pass.here)"
      + (pass.declared.map { "/\($0) frames" } ?? " frames")
  }
}
