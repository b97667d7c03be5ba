import Associations
import CatalogStore
import Foundation
import JobContract
import Metadata
import References

/// Chooses the references of a job: the rules of the pinned context, then the windows in time, then the stand-ins
/// (a single matching dark, a dark of another exposure time). Every choice, and every "none", carries its reason.
struct ReferenceResolver: Sendable {
  let reader: CatalogReader
  let context: RulesContext
  let windows: CalibrationWindows
  let associator: Associator
  let hasher: FileHasher

  func resolve(type: String, for exposure: Exposure, metadata: FrameMetadata) throws(CatalogError)
    -> ResolvedReference
  {
    switch context.bestReference(type: type, header: header(exposure, metadata)) {
    case .found(let file, let rmap, let row, let useAfter):
      return try judged(type, file, "\(rmap) \(row)", useAfter, exposure, metadata)
    case .notApplicable(let rmap):
      return ResolvedReference(
        type: type, origin: .notApplicable, context: context.name, rule: rmap, reason: "the rules say N/A")
    case .omitted:
      return ResolvedReference(
        type: type, origin: .notApplicable, context: context.name, reason: "the rules leave this type out")
    case .noMatch(let reason):
      return try standIn(type, exposure, metadata, because: reason)
    }
  }

  /// The values that the rules are asked with. A foreign frame is known to them by its detector: an adapter gave it that,
  /// and its masters were put under it into the rules of the one instrument that there are.
  private func header(_ exposure: Exposure, _ metadata: FrameMetadata) -> [String: String] {
    var values = CRDSHeader(metadata).values
    let known = context.instrumentNames
    guard exposure["adapted"] != nil, known.count == 1, let name = known.first else { return values }
    for key in ["INSTRUME", "META.INSTRUMENT.NAME"] { values[key] = name }
    return values
  }

  /// The parameters of a step (`pars-<step>`) that the rules choose for the frame; nil where they choose none, which
  /// is the rule and needs no word.
  func parameters(type: String, for exposure: Exposure, metadata: FrameMetadata) throws(CatalogError)
    -> ResolvedReference?
  {
    guard context.types.contains(type) else { return nil }
    let chosen = try resolve(type: type, for: exposure, metadata: metadata)
    return chosen.path == nil ? nil : chosen
  }

  private func judged(
    _ type: String, _ file: String, _ rule: String, _ useAfter: String?, _ exposure: Exposure,
    _ metadata: FrameMetadata
  ) throws(CatalogError) -> ResolvedReference {
    let record = try reader.reference(file: file)
    guard let path = context.referencePath(file: file), let sha256 = record?.sha256 ?? hasher.sha256(of: path)
    else {
      return try standIn(
        type, exposure, metadata, because: "\(file), chosen by \(rule), is not in the cache; put it there")
    }
    // Windows are for masters of this archive; what a person brought is good from its USEAFTER on.
    let distance = record.flatMap { $0.frameID == nil ? nil : Self.distance($0.epoch, exposure) }
    let level = windows.level(type: type, distanceSeconds: distance ?? 0)
    guard let level else {
      let days = ((distance ?? 0) / 86_400).wholeText
      return try standIn(
        type, exposure, metadata,
        because: "\(file) is \(days) d from the frame, more than "
          + "\((windows.lastSeconds(type: type) / 86_400).wholeText) d")
    }
    return ResolvedReference(
      type: type, origin: .context, path: path, sha256: sha256, context: context.name, rule: rule,
      useAfter: useAfter, level: level, distanceSeconds: distance)
  }

  /// Time between a master's epoch and the exposure, 0 when the epoch lies inside it.
  static func distance(_ epoch: Double, _ exposure: Exposure) -> Double {
    max(0, max(exposure.start - epoch, epoch - exposure.end))
  }

  // MARK: stand-ins

  private func standIn(
    _ type: String, _ exposure: Exposure, _ metadata: FrameMetadata, because reason: String
  ) throws(CatalogError) -> ResolvedReference {
    if type == "dark" {
      if let single = try singleDark(exposure, reason) { return single }
      if let other = try darkOfAnotherTime(exposure, metadata, reason) { return other }
    }
    return ResolvedReference(type: type, origin: .none, context: context.name, reason: reason)
  }

  /// In real time a single matching dark serves until there is a master.
  private func singleDark(_ exposure: Exposure, _ reason: String) throws(CatalogError) -> ResolvedReference? {
    for maker in associator.makers(of: "dark") {
      let globs = maker.rule.selector.patterns["obsname"] ?? ["*-DRK"]
      let match = FieldMatch.serving(maker.match, type: "dark")
      let near = try reader.candidates(
        obsnames: globs, start: exposure.start, end: exposure.end, within: windows.lastSeconds(type: "dark")
      ).map { (record: $0, exposure: Exposure($0)) }
      let usable = near.filter { candidate in
        candidate.exposure.id != exposure.id && maker.rule.selector.matches(candidate.exposure)
          && match.firstDifference(exposure, candidate.exposure) == nil
          && candidate.exposure["aborted"] == nil
          // A reference is read as it is, without what aliases or an adapter put into its header.
          && candidate.exposure["adapted"] == nil && candidate.exposure["added"] == nil
      }
      let best = usable.min { a, b in
        (a.exposure.gap(to: exposure), -a.exposure.start) < (b.exposure.gap(to: exposure), -b.exposure.start)
      }
      guard let best, let path = best.record.path, let sha256 = best.record.sha256 else { continue }
      let distance = best.exposure.gap(to: exposure)
      return ResolvedReference(
        type: "dark", origin: .single, path: path, sha256: sha256, rule: maker.rule.name,
        level: windows.level(type: "dark", distanceSeconds: distance), distanceSeconds: distance,
        reason: "a single dark stands in: \(reason)")
    }
    return nil
  }

  private static func without(_ index: Int, _ values: [String]) -> [String] {
    values.enumerated().filter { $0.offset != index }.map(\.element)
  }

  /// The last level: a master dark that differs in exposure time only.
  private func darkOfAnotherTime(
    _ exposure: Exposure, _ metadata: FrameMetadata, _ reason: String
  ) throws(CatalogError) -> ResolvedReference? {
    guard let rules = context.rules(type: "dark"),
      let time = rules.rowParkeys.firstIndex(where: {
        $0.uppercased().hasSuffix("EXPOSURE_TIME") || $0.uppercased().hasSuffix("EXPOSURE.TIME")
          || $0.uppercased() == "EXPTIME"
      })
    else { return nil }
    let wanted = Self.without(time, rules.matchValues(header: CRDSHeader(metadata).values))
    let others = try reader.references(type: "dark").filter { record in
      record.frameID != nil
        && RowKey(text: record.rowKey).map { Self.without(time, $0.values) == wanted } ?? false
    }
    let best = others.min { Self.distance($0.epoch, exposure) < Self.distance($1.epoch, exposure) }
    guard let best, let path = context.referencePath(file: best.file) else { return nil }
    let distance = Self.distance(best.epoch, exposure)
    guard distance <= windows.lastSeconds(type: "dark") else { return nil }
    return ResolvedReference(
      type: "dark", origin: .context, path: path, sha256: best.sha256, context: context.name,
      rule: "\(rules.name) \(best.rowKey)", level: 3, distanceSeconds: distance, lastResort: true,
      reason: "a dark of another exposure time stands in: \(reason)")
  }
}
