import CatalogStore
import Foundation
import Tables

/// One record as fields and values.
struct SubjectDescription {
  let reader: CatalogReader

  /// Fields in the order that people read them.
  func fields(_ subject: CatalogSubject) throws -> [(String, Cell)] {
    switch subject {
    case .frame(let frame): try fields(of: frame)
    case .job(let job): fields(of: job)
    case .association(let association): fields(of: association)
    }
  }

  func table(_ subject: CatalogSubject) throws -> Table {
    var rows = try fields(subject).filter { $0.1 != .null }.map {
      [Cell.string($0.0), Cell.string($0.1.text)]
    }
    rows += try details(subject)
    return Table([Column("field", .string), Column("value", .string)], rows: rows, name: "record")
  }

  func json(_ subject: CatalogSubject) throws -> [String: JSONValue] {
    var members = Dictionary(
      try fields(subject).map { ($0.0, JSONValue($0.1)) }, uniquingKeysWith: { first, _ in first })
    switch subject {
    case .frame: break
    case .job(let job):
      members["runs"] = .list(try reader.runs(job: job.id).map(json))
      members["spec"] = JSONValue(job.spec)
    case .association(let association):
      members["members"] = .list(try reader.members(ofAssociation: association.id).map(json))
    }
    return members
  }

  /// The run that made a product, or the last of a job.
  func run(of subject: CatalogSubject) throws -> RunRecord? {
    switch subject {
    case .frame(let frame): try reader.origin(ofProduct: frame.id)?.run
    case .job(let job): try reader.runs(job: job.id).last
    case .association: nil
    }
  }

  func json(_ step: StepRecord) -> JSONValue {
    let parameters = try? JSONDecoder().decode(
      [String: [String: String]].self, from: Data(step.parameters.utf8))
    return .object([
      "ordinal": JSONValue(step.ordinal), "name": .text(step.name), "status": .text(step.status),
      "reason": JSONValue(step.reason), "seconds": .real(step.seconds),
      "peak_bytes": JSONValue(step.peakBytes),
      "parameters": .object((parameters ?? [:]).mapValues { .object($0.mapValues(JSONValue.text)) }),
    ])
  }

  func stepTable(run: Int64) throws -> Table {
    Table(
      [
        Column("step", .string), Column("status", .string), Column("seconds", .double, unit: "s"),
        Column("peak_bytes", .int, unit: "byte"), Column("reason", .string), Column("parameters", .string),
      ],
      rows: try reader.steps(run: run).map {
        [
          .string($0.name), .string($0.status), .double($0.seconds), Cell($0.peakBytes.map(Int.init)),
          Cell($0.reason),
          .string($0.parameters),
        ]
      }, name: "steps")
  }

  private func fields(of frame: FrameRecord) throws -> [(String, Cell)] {
    var selection = Selection()
    selection.ids = [frame.id]
    let found = try reader.query(selection, columns: SelectionColumn.all.map(\.name))
    let cells = found.rows.first?.map(\.cell) ?? []
    var fields = zip(found.columns.map(\.name), cells).map { ($0, $1) }
    let origin = try reader.origin(ofProduct: frame.id)
    fields.append(("preview", Cell(preview(of: frame))))
    fields.append(("rule", Cell(origin?.association.rule)))
    fields.append(("superseded_by", Cell(origin?.supersededBy)))
    let names = try reader.associations(ofFrame: frame.id).map(\.name)
    fields.append(("member_of", Cell(names.isEmpty ? nil : names.joined(separator: " "))))
    fields += try reader.stages(frame: frame.id)?.all.map { ($0.name, Cell(time: $0.time)) } ?? []
    return fields
  }

  /// The quick-look picture beside a product, when it is there.
  private func preview(of frame: FrameRecord) -> String? {
    guard frame.origin == .product, let path = frame.path, path.hasSuffix(".fits") else { return nil }
    let picture = path.dropLast(".fits".count) + ".png"
    return FileManager.default.fileExists(atPath: String(picture)) ? String(picture) : nil
  }

  private func fields(of job: JobRecord) -> [(String, Cell)] {
    [
      ("name", .string(job.name)), ("state", .string(job.state)), ("reason", Cell(job.reason)),
      ("pipeline", .string(job.pipeline)), ("association", .string(job.association)),
      ("priority", Cell(job.priority)), ("attempts", Cell(job.attempts)), ("key", .string(job.key)),
      ("created_at", Cell(time: job.createdAt)), ("started_at", Cell(time: job.startedAt)),
      ("ended_at", Cell(time: job.endedAt)),
      ("not_before", Cell(time: job.notBefore > 0 ? job.notBefore : nil)),
    ]
  }

  private func fields(of association: AssociationRecord) -> [(String, Cell)] {
    [
      ("name", .string(association.name)), ("state", .string(association.state)),
      ("reason", Cell(association.reason)), ("degraded", Cell(association.degraded)),
      ("rule", .string(association.rule)), ("pipeline", .string(association.pipeline)),
      ("declared", Cell(association.declared)), ("opened_at", Cell(time: association.openedAt)),
      ("touched_at", Cell(time: association.touchedAt)), ("due_at", Cell(time: association.dueAt)),
      ("closed_at", Cell(time: association.closedAt)), ("bucket", .string(association.bucket)),
    ]
  }

  /// Runs of a job, members of an association: one row each.
  private func details(_ subject: CatalogSubject) throws -> [[Cell]] {
    switch subject {
    case .frame: []
    case .job(let job):
      try reader.runs(job: job.id).map { run in
        [
          .string("attempt \(run.attempt)"),
          .string([sentence(run), run.reason].compactMap { $0 }.joined(separator: ": ")),
        ]
      }
    case .association(let association):
      try reader.members(ofAssociation: association.id).map { [.string($0.exptype), .string($0.frame.name)] }
    }
  }

  /// How an attempt ended and what it took, for people.
  private func sentence(_ run: RunRecord) -> String {
    let end: [String?] = [
      run.endedBy == "reported" ? nil : run.endedBy, run.exitCode.map { "exit code \($0)" },
      run.signal.map { "signal \($0)" }, run.seconds.map { "\(($0 * 10).rounded() / 10) s" },
      run.peakBytes.map { "\($0 >> 20) MiB" + (run.memoryBytes.map { " of \($0 >> 20)" } ?? "") },
    ]
    let words = end.compactMap { $0 }
    return words.isEmpty ? run.state : "\(run.state) (\(words.joined(separator: ", ")))"
  }

  private func json(_ run: RunRecord) -> JSONValue {
    .object([
      "attempt": JSONValue(run.attempt), "state": .text(run.state), "reason": JSONValue(run.reason),
      "ended_by": JSONValue(run.endedBy), "exit_code": JSONValue(run.exitCode),
      "signal": JSONValue(run.signal),
      "seconds": JSONValue(run.seconds), "peak_bytes": JSONValue(run.peakBytes),
      "memory_bytes": JSONValue(run.memoryBytes), "folder": .text(run.folder),
      "started_at": JSONValue(time: run.startedAt), "ended_at": JSONValue(time: run.endedAt),
    ])
  }

  private func json(_ member: MemberRecord) -> JSONValue {
    .object([
      "exptype": .text(member.exptype), "name": .text(member.frame.name),
      "path": JSONValue(member.frame.path),
      "sha256": JSONValue(member.frame.sha256), "level": JSONValue(member.level),
      "distance": JSONValue(member.distance),
    ])
  }
}

extension Cell {
  init(time: Double?) { self = time.map { .string(CatalogTime.text($0)) } ?? .null }
}
