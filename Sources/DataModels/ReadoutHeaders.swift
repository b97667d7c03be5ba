import FITSIO
import FITSStructure
import Foundation
import Metadata

/// The header that the reads of one exposure make together.
///
/// Each keyword by the rule of `HeaderMerging`: the first value, the last, the mean or the range of all. Where reads
/// contradict each other the sentence says so; nothing is resolved in silence.
public struct ReadoutHeaders: Sendable {
  /// The outcome of a merge.
  public struct Merged: Sendable, Equatable {
    public var header: Header
    /// Keywords that differ among the reads where the first one's value was taken.
    public var notes: [String]
    /// Keywords that had to be the same and are not.
    public var contradictions: [String]
  }

  private let headers: [Header]
  private let rules: HeaderMerging

  /// - Parameter headers: of the reads, in the order of their times, without structural keywords.
  public init(_ headers: [Header], rules: HeaderMerging = .standard) {
    self.headers = headers
    self.rules = rules
  }

  /// The merged header: cards in the order of the first read that has them, commentary of the first read.
  ///
  /// - Parameter rawFrame: the header of the level 1 frame that says what the readouts are; it gives what no read has,
  ///   and its `DATE-BEG` and `DATE-END` are the exposure's.
  public func merged(rawFrame: Header? = nil) -> Merged {
    var merged = Merged(header: Header(), notes: [], contradictions: [])
    for keyword in keywords { add(keyword, to: &merged) }
    for card in headers.first?.cards ?? [] where card.value == nil { merged.header.cards.append(card) }
    if let rawFrame { complete(&merged, by: rawFrame) }
    addDates(&merged.header)
    return merged
  }

  /// Keywords with a value, in the order in which they are met.
  private var keywords: [String] {
    var seen: Set<String> = []
    return headers.flatMap(\.cards).compactMap { card in
      card.value != nil && seen.insert(card.keyword).inserted ? card.keyword : nil
    }
  }

  private func add(_ keyword: String, to merged: inout Merged) {
    let cards = headers.compactMap { $0.card(keyword) }.filter { $0.value != nil && $0.value != .undefined }
    guard let first = cards.first else { return }
    let values = cards.compactMap(\.value)
    let decision = rules.decision(for: keyword, kind: Self.kind(values))
    if decision.rule == .drop { return }
    // A keyword that a two-keyword rule has written already stays as it was written.
    if merged.header.card(keyword) != nil { return }
    guard values.contains(where: { $0 != values[0] }) else { return merged.header.cards.append(first) }
    let numbers = cards.compactMap(\.double).filter(\.isFinite)
    let areNumbers = numbers.count == cards.count
    switch decision.rule {
    case .first where decision.isNamed: merged.header.cards.append(first)
    case .last: merged.header.cards.append(cards[cards.count - 1])
    case .mean where areNumbers: append(first, Self.mean(numbers), "mean of \(numbers.count) reads", &merged)
    case .angle where areNumbers:
      append(first, Self.meanAngle(numbers), "mean of \(numbers.count) reads", &merged)
    case .ends where areNumbers:
      append(first, Self.mean(numbers), "mean of \(numbers.count) reads", &merged)
      append(
        decision.into, [numbers[0], numbers[numbers.count - 1]], keyword, ["first read", "last read"], &merged
      )
    case .range where areNumbers:
      append(first, Self.mean(numbers), "mean of \(numbers.count) reads", &merged)
      let ends = [numbers.min() ?? numbers[0], numbers.max() ?? numbers[0]]
      append(decision.into, ends, keyword, ["least", "greatest"], &merged)
    default:
      merged.header.cards.append(first)
      let sentence = Self.difference(keyword, values)
      if decision.rule == .same { merged.contradictions.append(sentence) }
      if !decision.isNamed { merged.notes.append(sentence) }
    }
  }

  private func append(_ card: Card, _ value: Double, _ how: String, _ merged: inout Merged) {
    let comment = card.comment.isEmpty ? how : "\(card.comment) (\(how))"
    merged.header.set(card.keyword, .real(value), comment: comment)
  }

  private func append(
    _ names: [String], _ values: [Double], _ keyword: String, _ what: [String], _ merged: inout Merged
  ) {
    for index in names.indices {
      // What a read calls so is another thing.
      if headers.contains(where: { $0.card(names[index]) != nil }) { continue }
      merged.header.set(names[index], .real(values[index]), comment: "\(keyword): \(what[index])")
    }
  }

  private static func kind(_ values: [Card.Value]) -> HeaderMerging.Kind {
    let kinds = values.map { value -> HeaderMerging.Kind in
      switch value {
      case .integer: .integer
      case .real: .real
      case .logical: .logical
      default: .text
      }
    }
    if kinds.contains(.text) { return .text }
    if kinds.contains(.logical) { return .logical }
    return kinds.contains(.real) ? .real : .integer
  }

  private static func mean(_ numbers: [Double]) -> Double {
    numbers.reduce(0) { $0 + $1 / Double(numbers.count) }
  }

  /// The direction of the sum of unit vectors, within half a turn of the first angle, so that a field of -170 to -160
  /// stays there; the first angle where the vectors cancel.
  private static func meanAngle(_ degrees: [Double]) -> Double {
    let turns = degrees.map { ($0 - degrees[0]) * .pi / 180 }
    let (x, y) = (mean(turns.map { cos($0) }), mean(turns.map { sin($0) }))
    if x * x + y * y < 1e-24 { return degrees[0] }
    let angle = degrees[0] + atan2(y, x) * 180 / .pi
    let range = degrees.contains { $0 < 0 } ? -180.0..<180.0 : 0..<360.0
    if range.contains(angle) || degrees.contains(where: { !range.contains($0) }) { return angle }
    return angle < range.lowerBound ? angle + 360 : angle - 360
  }

  private static func difference(_ keyword: String, _ values: [Card.Value]) -> String {
    let others = values.filter { $0 != values[0] }
    return "\(keyword) is \(values[0].plain) in the first read and \(others[0].plain) in another: "
      + "\(others.count) of \(values.count) reads differ"
  }

  // MARK: what the reads do not say

  /// Keywords of a frame's own making, which say nothing of the reads.
  private static let ofFrames: Set<String> = [
    "FILENAME", "DATE", "ORIGIN", "DATAMODL", "DATALVL", "DRSVER", "BUNIT", "NINTS", "NGROUPS", "NREADS",
    "NFRAMES", "DATAQUAL", "TIMEORIG", "CRDS_CTX", "CRDS_VER", "ASNTABLE", "ASNPOOL", "ASNNAME", "ASNTYPE",
  ]

  private func complete(_ merged: inout Merged, by frame: Header) {
    for keyword in ["DATE-BEG", "DATE-END"] {
      if let card = frame.card(keyword), card.value != nil {
        merged.header.set(keyword, card.value, comment: card.comment)
      }
    }
    for card in frame.cards where card.value != nil && merged.header.card(card.keyword) == nil {
      if Self.ofFrames.contains(card.keyword) || card.keyword.hasPrefix("S_") || card.keyword.hasPrefix("R_")
      {
        continue
      }
      if rules.decision(for: card.keyword, kind: .text).rule == .drop { continue }
      merged.header.cards.append(card)
    }
  }

  /// Without `DATE-BEG` or `DATE-END` the exposure is from its first reset to the end of its last read.
  private func addDates(_ header: inout Header) {
    let reads = headers.map { FrameMetadata(primary: $0.cards) }
    if header["DATE-BEG"] == nil, let begin = reads.compactMap(\.resetTimeMicroseconds).min(),
      let date = reads.compactMap(\.readDate).first.flatMap({ _ in
        FITSDate.fromModifiedJulianMicroseconds(begin)
      })
    {
      header.set("DATE-BEG", .string(FITSDate.text(of: date)), comment: "first reset")
    }
    let ends = reads.compactMap { read in
      read.readDate.map { $0.addingTimeInterval((read.frameTimeMicroseconds ?? 0) / 1e6) }
    }
    if header["DATE-END"] == nil, let end = ends.max() {
      header.set("DATE-END", .string(FITSDate.text(of: end)), comment: "end of the last read")
    }
  }
}

extension Card.Value {
  /// The value as a sentence shows it.
  fileprivate var plain: String {
    switch self {
    case .string(let text): "'\(text)'"
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .logical(let flag): flag ? "T" : "F"
    default: "\(self)"
    }
  }
}
