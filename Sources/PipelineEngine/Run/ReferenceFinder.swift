import FITSIO
import FITSStructure
import Foundation
import JobContract
import Metadata
import References

/// Looks references up by hand, with the same rules as the archive.
public struct ReferenceFinder: Sendable {
  /// Where the rules come from.
  public struct Cache: Sendable, Equatable {
    /// Folder in the layout of a CRDS cache (`mappings/tmt`, `references/tmt/iris`).
    public var path: String
    /// Name of the context; nil for the newest `tmt_NNNN.pmap` in the folder.
    public var context: String?
    /// Said in the report: `CRDS_PATH`, `./crds` or `shipped with the program`.
    public var origin: String

    public init(path: String, context: String?, origin: String) {
      self.path = path
      self.context = context
      self.origin = origin
    }
  }

  public let context: String
  public let cache: Cache
  private let rules: RulesContext
  private let windows: CalibrationWindows

  /// - Parameter windows: how far in time a reference may be from the frame.
  /// - Throws: `EngineError` `rules-missing`, `ReferencesError` for broken rules.
  public init(_ cache: Cache, windows: CalibrationWindows = CalibrationWindows()) throws {
    self.cache = cache
    self.windows = windows
    let folder = RulesCache(path: cache.path)
    if cache.context == nil, (try? folder.contextNames()) ?? [] == [] {
      throw EngineError(
        "rules-missing", "no context (tmt_NNNN.pmap) in mappings/tmt", subject: cache.path,
        hint: "set CRDS_PATH and CRDS_CONTEXT")
    }
    context = try folder.contextName(cache.context)
    rules = try RulesContext(cache: folder, context: context, checksums: .refuseWrong)
  }

  /// What is not as it should be with the mappings, each with what to do about it.
  var warnings: [String] {
    rules.warnings.map { "reference rules: \($0); tmtrun refs checksum FILE… tells more" }
  }

  /// Reference types that the rules know, lower case.
  var types: [String] { rules.types }

  /// References of all the types for the exposure in `path`.
  public func references(_ types: [String], for path: String) throws -> [ResolvedReference] {
    let metadata = try Self.metadata(of: path)
    return types.map { resolve($0, metadata: metadata) }
  }

  private static func metadata(of path: String) throws -> FrameMetadata {
    let file = try FITSFile(reading: path)
    var cards: [[Card]] = []
    for hdu in 0..<(try file.hduCount()) { cards.append(try file.cards(of: hdu)) }
    return FrameMetadata(primary: cards[0], extensions: Array(cards.dropFirst()))
  }

  /// The rules ask for the header's literal DETECTOR first, then for its alias `IMG1` <-> `IRIS1`.
  private func resolve(_ type: String, metadata: FrameMetadata) -> ResolvedReference {
    switch rules.bestReference(type: type, header: CRDSHeader(metadata).values) {
    case .found(let file, let rmap, let row, let useAfter):
      let found = found(type, file: file, rule: "\(rmap) \(row)", useAfter: useAfter)
      return judged(found, file: file, for: metadata)
    case .notApplicable(let rmap):
      return ResolvedReference(
        type: type, origin: .notApplicable, context: context, rule: rmap,
        reason: "the rules say that no \(type) applies")
    case .omitted:
      return ResolvedReference(
        type: type, origin: .notApplicable, context: context, reason: "the rules leave \(type) out")
    case .noMatch(let reason):
      return ResolvedReference(
        type: type, origin: .none, context: context, reason: "\(reason)\(Self.remedy(type))")
    }
  }

  /// What a person can do who gets no reference.
  private static func remedy(_ type: String) -> String {
    type.hasPrefix("pars-")
      ? "" : "; --override \(type)=FILE takes one, tmtrun refs best tells what the rules choose"
  }

  private func found(_ type: String, file: String, rule: String, useAfter: String?) -> ResolvedReference {
    guard let path = rules.referencePath(file: file) else {
      return ResolvedReference(
        type: type, origin: .none, context: context, rule: rule, useAfter: useAfter,
        reason: "\(file) is chosen by \(rule) and is not in the cache\(Self.remedy(type))")
    }
    return ResolvedReference(
      type: type, origin: .context, path: path, context: context, rule: rule, useAfter: useAfter)
  }

  /// The windows in time of the archive: a reference beyond the last is none. One that does not say when it was taken
  /// cannot be judged and is used.
  private func judged(
    _ found: ResolvedReference, file: String, for frame: FrameMetadata
  ) -> ResolvedReference {
    guard let path = found.path, let begin = frame.dateBegin,
      let epoch = (try? Self.metadata(of: path))?.dateMiddle
    else { return found }
    var result = found
    let distance = max(
      0, max(begin.timeIntervalSince(epoch), epoch.timeIntervalSince(frame.dateEnd ?? begin)))
    result.distanceSeconds = distance
    result.level = windows.level(type: found.type, distanceSeconds: distance)
    if result.level == nil {
      let (days, limit) = (distance / 86_400, windows.lastSeconds(type: found.type) / 86_400)
      result.origin = .none
      result.path = nil
      result.reason =
        "\(file), chosen by \(found.rule ?? ""), was taken \(Int(min(days, 1e9))) d from the frame, more than "
        + "\(Int(limit)) d; --override \(found.type)=FILE takes it all the same"
    }
    return result
  }
}
