import ArgumentParser
import Associations
import CfgFormat
import Foundation
import Glibc
import JobContract
import PipelineEngine
import Tables

/// `tmtrun make-asn FILE… --rule NAME -o asn.json`: associations of files, by the rules of the archive.
struct MakeAssociation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-asn", abstract: "Write the associations of FITS files, by a rule of the archive.",
    discussion: """
      Rules: those of --rules, else ./config/associations, else those inside the program; and JWST's
      DMS_Level2_Base (a product of each file) and DMS_Level3_Base (one product of all), which look at no header.
      Files that are in no association are named with the first criterion that keeps them out.
      """)

  @Argument(help: "FITS files.")
  var files: [String]

  @Option(help: "Name of the rule, e.g. imager-level2.")
  var rule: String

  @Option(help: ArgumentHelp("Folder with rules (*.yaml).", valueName: "dir"))
  var rules: String?

  @Option(
    name: .shortAndLong,
    help: "File to write; several associations get numbered names (asn_01.json …).")
  var output: String

  @Option(help: "Name of the product; several are numbered.")
  var productName: String?

  @Flag(help: "Replace files that are there.")
  var replace = false

  @OptionGroup var table: TableOutput

  func run() throws {
    let found = try drafts()
    for leftover in found.leftovers {
      StandardError.write(
        "not used: \(Printable.escaped(leftover.exposure.name)) — \(leftover.criterion): "
          + "\(Printable.escaped(leftover.detail))\n")
    }
    guard !found.drafts.isEmpty else {
      StandardError.write("no association: none of \(files.count) files fits \(rule)\n")
      throw Failure.Exit(code: PipelineEngine.ExitCode.nothingMatched.rawValue)
    }
    try table.put(try write(named(found.drafts)))
  }

  private func drafts() throws -> (drafts: [AssociationDraft], leftovers: [AssociationPlanner.Leftover]) {
    let rules = try RuleFiles(folder: rules)
    let wanted = rules.associator.rule(named: rule)
    let plain = AssociationDraft.Plain(rawValue: rule)
    guard wanted != nil || plain != nil else {
      let names = rules.associator.rules.map(\.name) + AssociationDraft.Plain.allCases.map(\.rawValue)
      throw EngineError(
        "unknown-rule", "no association rule of that name in \(rules.origin)", subject: rule,
        hint: [nearMatchHint(of: rule, in: names), "rules: \(names.joined(separator: ", "))"].compactMap {
          $0
        }
        .joined(separator: "; "))
    }
    try checkPresence()
    let exposures = try files.enumerated().map {
      try ExposureFile(path: $1, index: $0, classifier: rules.classifier)
    }
    guard let wanted else { return (plain.map { AssociationDraft.drafts($0, exposures) } ?? [], []) }
    let plan = AssociationPlanner(rule: wanted).plan(exposures.filter { $0.held == nil }.map(\.exposure))
    let held = exposures.compactMap { file in
      file.held.map { AssociationPlanner.Leftover(exposure: file.exposure, criterion: "state", detail: $0) }
    }
    return (AssociationDraft.drafts(wanted, plan, exposures), held + plan.leftovers)
  }

  private func checkPresence() throws {
    let missing = files.filter { !FileManager.default.fileExists(atPath: $0) }
    guard !missing.isEmpty else { return }
    throw EngineError(
      "input-missing", missing.count == 1 ? "no such file" : "\(missing.count) files are not there",
      subject: missing.joined(separator: ", "))
  }

  /// Product names: the one asked for, numbered when there are several; names that two share are numbered too.
  private func named(_ drafts: [AssociationDraft]) -> [AssociationDraft] {
    var drafts = drafts
    if let productName { for i in drafts.indices { drafts[i].product = productName } }
    let counts = Dictionary(grouping: drafts, by: \.product).mapValues(\.count)
    var numbers: [String: Int] = [:]
    for i in drafts.indices where (counts[drafts[i].product] ?? 0) > 1 {
      let name = drafts[i].product
      numbers[name, default: 0] += 1
      drafts[i].product = "\(name)-\(Self.padded(numbers[name] ?? 0))"
    }
    return drafts
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private func write(_ drafts: [AssociationDraft]) throws -> Table {
    let paths = drafts.count == 1 ? [output] : drafts.indices.map { numbered($0 + 1) }
    if !replace, let there = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) {
      throw EngineError(
        "already-exists", "a file of that name is there", subject: there, hint: "--replace replaces it")
    }
    var table = Table([
      Column("association", .string), Column("product", .string), Column("rule", .string),
      Column("members", .int), Column("degraded", .string),
    ])
    for (index, (draft, path)) in zip(drafts, paths).enumerated() {
      let folder = (path as NSString).deletingLastPathComponent
      let file = draft.file(in: folder.isEmpty ? "." : folder, number: index + 1)
      try Self.write(file.json, to: path)
      table.append([
        .string(path), .string(draft.product), .string(draft.rule), Cell(draft.members.count),
        Cell(draft.degraded),
      ])
    }
    return table
  }

  /// `asn.json` -> `asn_02.json`.
  private func numbered(_ number: Int) -> String {
    let stem = output.lowercased().hasSuffix(".json") ? String(output.dropLast(5)) : output
    return "\(stem)_\(Self.padded(number)).json"
  }

  /// Whole, by rename.
  private static func write(_ text: String, to path: String) throws {
    let temporary = "\(path).\(getpid()).tmp"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: temporary))
      guard rename(temporary, path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    } catch {
      unlink(temporary)
      throw EngineError(
        "write-failed", "the association cannot be written: \(error.localizedDescription)", subject: path)
    }
  }
}
