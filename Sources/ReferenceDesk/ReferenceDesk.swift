import Metadata
import References
import Tables

/// Answers questions about references as tables: what `tmtrun refs` and `irisarchive refs` have in common.
public struct ReferenceDesk: Sendable {
  public let cache: RulesCache

  public init(cache: RulesCache) { self.cache = cache }

  /// A context by the word a person has for it; see `RulesCache.contextName(_:)`.
  ///
  /// - Throws: as that does, and for mappings that cannot be read.
  public func context(_ word: String?) throws(ReferencesError) -> RulesContext {
    try RulesContext(cache: cache, context: try cache.contextName(word))
  }

  // MARK: best

  /// One row per type: what the rules choose for a frame, by which rule, or why nothing.
  ///
  /// `state` is `found`, `absent` (chosen, and not in the cache), `not-applicable`, `omitted` or `none`.
  ///
  /// - Parameter types: which, any case; nil for all that the context knows.
  /// - Throws: `unknown-type` with the types there are.
  public func best(
    _ metadata: FrameMetadata, types: [String]? = nil, in context: RulesContext
  ) throws(ReferenceDeskError) -> Table {
    let wanted = types?.map { $0.lowercased() } ?? context.types
    for type in wanted where !context.types.contains(type) {
      throw ReferenceDeskError(
        "unknown-type", "\(context.name) has no rules for this type", type,
        hint: "types: \(context.types.joined(separator: ", "))")
    }
    let header = CRDSHeader(metadata).values
    return Table(
      Self.bestColumns,
      rows: wanted.map { row($0, context.bestReference(type: $0, header: header), context) },
      name: "references", description: "what \(context.name) chooses")
  }

  private static let bestColumns = [
    Column("type", .string, description: "reference type"),
    Column("state", .string, description: "found, absent, not-applicable, omitted or none"),
    Column("file", .string, description: "chosen reference"),
    Column("rule", .string, description: "mapping that chose"),
    Column("row", .string, description: "its row"),
    Column("useafter", .string, description: "date from which the reference is used, UTC"),
    Column("path", .string, description: "where the reference lies"),
    Column("reason", .string, description: "why there is none"),
    Column("context", .string, description: "context of the rules"),
  ]

  private func row(_ type: String, _ result: LookupResult, _ context: RulesContext) -> [Cell] {
    func cells(
      _ state: String, file: String? = nil, rule: String? = nil, row: String? = nil, useAfter: String? = nil,
      path: String? = nil, reason: String? = nil
    ) -> [Cell] {
      [
        .string(type), .string(state), Cell(file), Cell(rule), Cell(row), Cell(useAfter), Cell(path),
        Cell(reason), .string(context.name),
      ]
    }
    switch result {
    case .found(let file, let rmap, let row, let useAfter):
      let path = context.referencePath(file: file)
      return cells(
        path == nil ? "absent" : "found", file: file, rule: rmap, row: row, useAfter: useAfter, path: path,
        reason: path == nil ? "the file is not in \(cache.referencesFolder)" : nil)
    case .notApplicable(let rmap):
      return cells("not-applicable", rule: rmap, reason: "the rules say that no \(type) applies")
    case .omitted: return cells("omitted", reason: "the rules leave this type out")
    case .noMatch(let reason): return cells("none", reason: reason)
    }
  }

  // MARK: contexts

  /// One row per context: what it was made from, whether it is in use, what is wrong with it.
  ///
  /// - Parameters:
  ///   - current: the context in use, if one is.
  ///   - made: when a context was made (ISO 8601) and why, where somebody knows.
  public func contexts(
    current: String?, made: [String: (at: String, reason: String)] = [:]
  ) throws(ReferencesError) -> Table {
    let columns = [
      Column("context", .string), Column("current", .bool, description: "in use"),
      Column("derived_from", .string), Column("state", .string, description: "ok, warning or broken"),
      Column("mappings", .int, description: "how many mappings it has"),
      Column("made", .string, description: "when, UTC"), Column("reason", .string),
    ]
    let rows = try cache.contexts().map { context -> [Cell] in
      let state = context.problem != nil ? "broken" : context.warnings.isEmpty ? "ok" : "warning"
      let faults = [context.problem].compactMap { $0 } + context.warnings
      let why =
        faults.isEmpty ? made[context.name]?.reason ?? context.description : faults.joined(separator: "; ")
      return [
        .string(context.name), .bool(context.name == current), Cell(context.derivedFrom), .string(state),
        context.problem == nil ? Cell(context.mappings.count) : .null, Cell(made[context.name]?.at),
        Cell(why),
      ]
    }
    return Table(columns, rows: rows, name: "contexts", description: "contexts of \(cache.path)")
  }

  // MARK: diff, affected

  /// What the rules of two contexts differ in, a row each.
  public func differences(_ old: RulesContext, _ new: RulesContext) -> Table {
    let columns = [
      Column("type", .string), Column("change", .string, description: "added, removed or replaced"),
      Column("row", .string), Column("useafter", .string), Column("old", .string), Column("new", .string),
    ]
    return Table(
      columns,
      rows: old.changes(to: new).map {
        [
          .string($0.type), .string($0.kind.rawValue), .string($0.row), Cell($0.useAfter), Cell($0.old),
          Cell($0.new),
        ]
      }, name: "differences", description: "from \(old.name) to \(new.name)")
  }

  /// Columns of `affected`.
  public static let affectedColumns = [
    Column("name", .string), Column("type", .string),
    Column("old", .string, description: "file, not-applicable, omitted or none"),
    Column("new", .string), Column("reason", .string, description: "why there is none now"),
  ]

  /// Which of some files would choose another reference, and for which type.
  ///
  /// - Throws: for the first file that cannot be read.
  public func affected(
    _ files: [String], _ old: RulesContext, _ new: RulesContext
  ) throws(ReferenceDeskError) -> Table {
    var table = Table(
      Self.affectedColumns, name: "affected", description: "from \(old.name) to \(new.name)")
    for file in files {
      let headers = try FileHeaders(path: file)
      for change in old.choices(differingFrom: new, header: CRDSHeader(headers.metadata).values) {
        table.append(Self.row(file, change))
      }
    }
    return table
  }

  /// One row of `affected`.
  public static func row(_ name: String, _ change: ChoiceChange) -> [Cell] {
    [
      .string(name), .string(change.type), .string(change.old), .string(change.new), Cell(change.reason),
    ]
  }

  // MARK: checksum

  /// The sha1sums of mappings: one row each, and how many were not right (before they were written).
  ///
  /// - Parameters:
  ///   - paths: which; empty for all of the cache.
  ///   - updating: write the right ones.
  public func checksums(
    _ paths: [String], updating: Bool
  ) throws(ReferencesError) -> (table: Table, faults: Int) {
    let columns = [
      Column("mapping", .string),
      Column("state", .string, description: "valid, wrong, missing, updated or broken"),
      Column("written", .string, description: "sha1sum in the header"),
      Column("actual", .string, description: "sha1 of the text"), Column("reason", .string),
    ]
    var rows: [[Cell]] = []
    var faults = 0
    for path in paths.isEmpty ? try cache.mappingPaths() : paths {
      do throws(ReferencesError) {
        let sum = try updating ? MappingChecksum.update(path: path) : MappingChecksum(path: path)
        let isUpdated = updating && sum.state != .valid
        let after = isUpdated ? try MappingChecksum(path: path) : sum
        faults += after.state == .valid ? 0 : 1
        rows.append([
          .string(path), .string(isUpdated ? "updated" : sum.state.rawValue), Cell(sum.written),
          .string(after.actual), .null,
        ])
      } catch {
        if paths.contains(path), error.code == "mapping-missing" {
          throw ReferencesError.inputMissing(path, error)
        }
        faults += 1
        rows.append([.string(path), .string("broken"), .null, .null, .string("\(error)")])
      }
    }
    return (Table(columns, rows: rows, name: "checksums", description: "sha1sums of mappings"), faults)
  }
}
