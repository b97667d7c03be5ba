import Foundation

/// One column that `query` can show, sort out and compare in `--where`.
public struct SelectionColumn: Sendable, Equatable {
  /// What its values are.
  public enum Kind: Sendable, Equatable {
    case text
    case integer
    case real
    /// Seconds since 1970 UTC in the catalog, ISO 8601 UTC in every output.
    case time
  }

  public let name: String
  public let kind: Kind
  /// Unit in the grammar that FITS and VO units share.
  public let unit: String?
  /// IVOA unified content descriptor.
  public let ucd: String?
  public let summary: String
  /// SQL expression over the tables of a selection.
  let sql: String

  private init(
    _ name: String, _ kind: Kind, _ sql: String, _ summary: String, unit: String? = nil, ucd: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.ucd = ucd
    self.summary = summary
    self.sql = sql
  }

  /// The columns that every answer has unless others are asked for.
  public static let defaultNames = [
    "name", "level", "obstype", "obsname", "detector", "filter", "object", "date_obs", "exptime", "state",
    "reason", "path",
  ]

  /// Every known column, in the order of `--columns`.
  public static let all: [SelectionColumn] = [
    .init("name", .text, "f.name", "file name without folders", ucd: "meta.id;meta.file"),
    .init("level", .integer, "f.level", "data level, 0 raw readouts to 3 combined", ucd: "meta.calibLevel"),
    .init("obstype", .text, "f.obstype", "SCI, CAL or ENG", ucd: "meta.code.class"),
    .init("obsname", .text, "f.obsname", "what the exposure is, IMG1-SCI, LEN-SPX …", ucd: "meta.code.class"),
    .init("detector", .text, "f.detector", "IMG1 … IMG4 or IFU", ucd: "meta.id;instr.det"),
    .init("filter", .text, "f.filter", "filter", ucd: "meta.id;instr.filter"),
    .init("object", .text, "f.object", "target", ucd: "meta.id;src"),
    .init("date_obs", .time, "f.date_obs", "start of the exposure", ucd: "time.start;obs.exposure"),
    .init("exptime", .real, "f.exptime", "exposure time", unit: "s", ucd: "time.duration;obs.exposure"),
    .init("state", .text, "f.state", "state of the file or product", ucd: "meta.code.status"),
    .init("reason", .text, "f.reason", "why it is in that state", ucd: "meta.note"),
    .init("path", .text, "p.path", "absolute path", ucd: "meta.ref.url"),
    .init("origin", .text, "f.origin", "raw or product"),
    .init("kind", .text, "f.kind", "kind suffix: ramp, rate, cal, dark …", ucd: "meta.code.class"),
    .init("degraded", .text, "f.degraded", "why the product is less than it could be", ucd: "meta.note"),
    .init("quality", .text, "f.quality", "GOOD, BAD or UNKNOWN", ucd: "meta.code.qual"),
    .init("program", .text, "f.program", "programme", ucd: "meta.id;obs.proposal"),
    .init("observation", .text, "f.observation", "observation", ucd: "meta.id;obs"),
    .init("night", .text, "f.night", "UT date of the night's local midnight", ucd: "time.epoch"),
    .init("date_end", .time, "f.date_end", "end of the exposure", ucd: "time.end;obs.exposure"),
    .init("ra", .real, "f.ra", "right ascension, ICRS", unit: "deg", ucd: "pos.eq.ra"),
    .init("dec", .real, "f.dec", "declination, ICRS", unit: "deg", ucd: "pos.eq.dec"),
    .init("arrived_at", .time, "f.arrived_at", "when the file was closed", ucd: "time.creation"),
    .init("recorded_at", .time, "f.recorded_at", "when the catalog had it", ucd: "time.processing"),
    .init("sha256", .text, "c.sha256", "sha256 of the content", ucd: "meta.checksum"),
    .init("bytes", .integer, "c.bytes", "size of the file", unit: "byte", ucd: "phys.size;meta.file"),
    .init("version", .integer, "q.version", "version of the product", ucd: "meta.version"),
    .init(
      "exposure", .text, "f.detector_exposure", "DET_ID/EXP_NO of readouts and level 1 frames",
      ucd: "obs.exposure"),
    .init(
      "inputs", .integer,
      "(SELECT count(*) FROM run_input i WHERE i.run_id = q.run_id AND \(RunInputs.real("i")))",
      "files that the product was made of", ucd: "meta.number"),
    .init("association", .text, "a.name", "association that the product was made of", ucd: "meta.id.assoc"),
    .init("job", .text, "j.name", "job that made the product", ucd: "meta.id"),
    .init("pipeline", .text, "j.pipeline", "pipeline that made the product", ucd: "meta.software"),
  ]

  /// The column of that name.
  ///
  /// - Throws: ``CatalogError`` `unknown-column`, with near matches in the hint.
  public static func named(_ name: String) throws(CatalogError) -> SelectionColumn {
    if let column = all.first(where: { $0.name == name.lowercased() }) { return column }
    let names = all.map(\.name)
    let near = NearNames.matches(of: name, in: names)
    let hint =
      near.isEmpty
      ? "known columns: \(names.joined(separator: " "))" : "did you mean \(near.joined(separator: " or "))?"
    throw CatalogError(code: "unknown-column", message: "there is no such column", subject: name, hint: hint)
  }
}
