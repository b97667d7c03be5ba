import ArgumentParser
import CatalogStore
import Foundation
import Tables

/// `irisarchive show`
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one file, product, job or association, and where it came from.",
    discussion: """
      NAME is a file name with or without .fits, a path, a job (J000042) or an association. Of several files of one \
      name the one in use is shown, and the others are named.
      """)

  enum Form: String, ExpressibleByArgument, CaseIterable {
    case table, tsv, json
    case provJSON = "prov-json"
    case dot
  }

  @OptionGroup var root: RootOptions
  @Argument(help: "A file, a job or an association.")
  var name: String
  @Flag(name: .long, help: "What it was made of and what came of it.")
  var provenance = false
  @Flag(name: .long, help: "The header of every HDU.")
  var header = false
  @Flag(name: .long, help: "The steps of its run with their parameters.")
  var steps = false
  @Flag(name: .long, help: "The log of its run.")
  var log = false
  @Option(
    name: .long, help: "Form of the answer: \(Form.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: Form?
  @Option(name: .long, help: "Colour: \(ColorChoice.allCases.map(\.rawValue).joined(separator: ", ")).")
  var color = ColorChoice.auto

  func run() throws {
    let reader = try root.reader()
    let subject = try RecordFinder(reader: reader).find(name)
    switch format {
    case .dot: Answer.write(try graph(reader, subject).dot())
    case .provJSON: Answer.write(try graph(reader, subject).provJSON())
    case .json: Answer.write(try json(reader, subject).rendered())
    case .table, .tsv, nil: try text(reader, subject)
    }
  }

  private func graph(_ reader: CatalogReader, _ subject: CatalogSubject) throws -> ProvenanceGraph {
    guard case .frame(let frame) = subject else {
      throw CommandFailure(
        code: "usage", message: "only files have a provenance graph", subject: name,
        hint: "irisarchive show \(ShellWord.quoted(name))")
    }
    return try reader.provenance(frame: frame.id)
  }

  private func json(_ reader: CatalogReader, _ subject: CatalogSubject) throws -> JSONValue {
    let description = SubjectDescription(reader: reader)
    var members = try description.json(subject)
    guard let run = try description.run(of: subject) else {
      if provenance { members["provenance"] = try provenanceJSON(reader, subject) }
      if header { members["headers"] = try headersJSON(reader, subject) }
      return .object(members)
    }
    if steps || provenance { members["steps"] = .list(try reader.steps(run: run.id).map(description.json)) }
    if provenance { members["provenance"] = try provenanceJSON(reader, subject) }
    if header { members["headers"] = try headersJSON(reader, subject) }
    if log { members["log"] = JSONValue(try JobLog(root: root).text(run: run, reader: reader)) }
    return .object(members)
  }

  private func provenanceJSON(_ reader: CatalogReader, _ subject: CatalogSubject) throws -> JSONValue {
    guard case .frame(let frame) = subject else { return .null }
    return ProvenanceJSON(graph: try reader.provenance(frame: frame.id)).value()
  }

  private func headersJSON(_ reader: CatalogReader, _ subject: CatalogSubject) throws -> JSONValue {
    guard case .frame(let frame) = subject else { return .null }
    return .list(try reader.headers(frame: frame.id).map(HeaderForm.json))
  }

  /// The provenance of each product of a job or an association.
  private func productProvenance(_ reader: CatalogReader, _ subject: CatalogSubject) throws {
    var products = Selection()
    products.includesSuperseded = true
    switch subject {
    case .frame: return
    case .job(let job): products.patterns = ["job": [job.name]]
    case .association(let association): products.patterns = ["association": [association.name]]
    }
    let frames = try reader.frames(products)
    for frame in frames { Answer.write(try reader.provenance(frame: frame.id).tree()) }
    guard frames.isEmpty else { return }
    throw CommandFailure(
      code: "no-such-record", message: "it has made no product yet", subject: name,
      hint: "irisarchive show \(ShellWord.quoted(name))")
  }

  private func text(_ reader: CatalogReader, _ subject: CatalogSubject) throws {
    let description = SubjectDescription(reader: reader)
    let chosen: TableFormat = format == .tsv || (format == nil && !Answer.isTerminal) ? .tsv : .table
    if !provenance || header || steps || log { Answer.write(chosen.render(try description.table(subject))) }
    if case .frame(let frame) = subject {
      if provenance { Answer.write(try reader.provenance(frame: frame.id).tree()) }
      if header {
        Answer.write(try reader.headers(frame: frame.id).map(HeaderForm.text).joined(separator: "\n"))
      }
    }
    if provenance { try productProvenance(reader, subject) }
    guard let run = try description.run(of: subject) else { return }
    if steps { Answer.write(chosen.render(try description.stepTable(run: run.id))) }
    if log { Answer.write(try JobLog(root: root).text(run: run, reader: reader)) }
  }
}
