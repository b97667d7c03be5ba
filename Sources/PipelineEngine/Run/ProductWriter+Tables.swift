import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import Metadata
import Tables

extension ProductWriter {
  /// Writes the tables of a run that are products beside its image.
  /// - Throws: `EngineError` `bad-job` for a kind that the job has no name for; `ModelError` when a file cannot be written
  ///   or is there already.
  func writeTables(of work: Workpiece) throws -> [ProductReport] {
    guard let frame = work.first else { return [] }
    return try work.tables.filter { $0.kind != request.configuration.pipeline.productKind }.map {
      try write($0, named: try fileName(of: $0), header: frame, quality: [:])
    }
  }

  /// The table that is the run's product itself, when there is one.
  func writeMainTable(of work: Workpiece) throws -> ProductReport? {
    guard let frame = work.first,
      let table = work.tables.first(where: { $0.kind == request.configuration.pipeline.productKind })
    else { return nil }
    return try write(table, named: request.productFileName, header: frame, quality: work.quality)
  }

  private func write(
    _ table: ProductTable, named name: String, header frame: Frame, quality: [String: Double]
  ) throws -> ProductReport {
    var primary = ProductHeader(request: request, services: services, record: record).primary(from: frame)
    primary.set("DATAMODL", .string(table.dataModel), comment: "type of data model")
    var headers = ProductHeaders(primary: primary, science: Header())
    headers.tidy()
    let model = TableModel(
      header: headers.primary, extensionName: table.extensionName, tableHeader: table.header,
      table: table.table)
    var hash = ContentHash()
    let written = try model.write(
      to: "\(request.outputDirectory)/\(name)", provenance: provenance, observing: { hash.update($0) })
    try writeECSV(table, beside: name)
    let numbers = quality.merging(["rows": Double(table.table.rows.count)]) { $1 }
    return ProductReport(
      kind: table.kind, fileName: name, sha256: hash.hexadecimal, bytes: hash.bytes,
      level: request.configuration.pipeline.level, headers: written.headerTexts.map(\.text), quality: numbers)
  }

  /// The same table as text. A job of the archive has no place for it.
  private func writeECSV(_ table: ProductTable, beside name: String) throws {
    guard table.wantsECSV else { return }
    guard request.furtherFileNames == nil else {
      return record.notes.note("ECSV is written by hand only: the archive keeps the FITS table")
    }
    let text = (name as NSString).deletingPathExtension + ".ecsv"
    let bytes = Array(TableFormat.ecsv.render(table.table).utf8)
    try AtomicFile.write(
      bytes, to: text, in: request.outputDirectory, what: "the catalog as ECSV", replacing: false)
    var hash = ContentHash()
    bytes.withUnsafeBytes { hash.update($0) }
    record.notes.note("\(text) holds the same table, sha256 \(hash.hexadecimal)")
  }

  /// The job's name for the kind; by hand the product's with its kind in place of its last word, in its version.
  private func fileName(of table: ProductTable) throws(EngineError) -> String {
    if let names = request.furtherFileNames {
      guard let name = names[table.kind], !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
        throw EngineError(
          "bad-job", "fileNames has no name for the product kind '\(table.kind)'", subject: request.job)
      }
      return name
    }
    let plain = ProductName.versioned(request.productFileName, 1)
    let first = ProductName.byHand(inputFile: plain, kind: table.kind)
    return (1...999).lazy.map { ProductName.versioned(first, $0) }
      .first { !FileManager.default.fileExists(atPath: "\(self.request.outputDirectory)/\($0)") } ?? first
  }
}
