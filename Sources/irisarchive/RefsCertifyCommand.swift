import Archive
import ArgumentParser
import CatalogStore
import ChildProcess
import Foundation
import ReferenceDesk
import References
import Tables

/// Looks reference files over by way of `tmtrun refs certify`: pixels are read there, never in this program.
struct ReferenceInspection {
  struct Finding: Decodable {
    var file: String
    var state: String
    var subject: String
    var message: String
  }

  let program: String
  let cache: String
  let context: String

  /// - Throws: ``CommandFailure`` `tmtrun-unusable`, or what it said of a file.
  func findings(_ files: [String], type: String?) async throws -> [Finding] {
    let arguments =
      ["refs", "certify", "--format", "json", "--limit", "0"] + (type.map { ["--type", $0] } ?? []) + ["--"]
      + files.map(Paths.absolute)
    let end = try await ProgramRun(
      executable: program, arguments: arguments,
      environment: [
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "CRDS_PATH": cache, "CRDS_CONTEXT": context,
      ],
      output: .captured(limit: 16 << 20), errorOutput: .captured(limit: 1 << 16)
    ).run()
    if [.exited(0), .exited(ExitStatus.problemsFound.rawValue)].contains(end.cause) {
      return try JSONDecoder().decode([Finding].self, from: end.output)
    }
    throw failure(end)
  }

  /// `error: what — subject` and `hint:` of the child, with its exit code.
  private func failure(_ end: ProgramEnd) -> any Error {
    let lines = String(decoding: end.errorOutput, as: UTF8.self).split(whereSeparator: \.isNewline)
    for line in lines where line.hasPrefix("error: ") || line.hasPrefix("hint: ") {
      Talk.line(CommandFailure.oneLine(String(line)))
    }
    if case .exited(let code) = end.cause, lines.contains(where: { $0.hasPrefix("error: ") }),
      let status = ExitStatus(rawValue: code)
    {
      return status
    }
    return CommandFailure(
      code: "tmtrun-unusable", message: "refs certify ended with \(end.cause)", subject: program,
      hint: "irisarchive doctor")
  }
}

extension RefsPlace {
  func inspection(context: String?) throws -> ReferenceInspection {
    ReferenceInspection(
      program: Programs.tmtrun(root: try root.path(), settings: try root.settings()), cache: desk.cache.path,
      context: try desk.cache.contextName(try context ?? pinned()))
  }
}

/// `irisarchive refs certify`
struct RefsCertifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certify", abstract: "Check reference files: header, HDUs, shapes, units, flags.",
    discussion: "tmtrun does it, as 'tmtrun refs certify'. Exit code 4 when a file has a problem.")

  @OptionGroup var root: RootOptions
  @Argument(help: "FITS files.") var files: [String]
  @Option(name: .long, help: "Type that the files must be; else what their REFTYPE says.") var type: String?
  @Option(name: .long, help: ArgumentHelp("Context; else the pinned one.", valueName: "pmap")) var context:
    String?
  @OptionGroup var list: ListOptions

  func run() async throws {
    let findings = try await RefsPlace(root).inspection(context: context).findings(files, type: type)
    try list.put(
      Table(
        ReferenceFinding.columns,
        rows: findings.map {
          [.string($0.file), .string($0.state), .string($0.subject), .string($0.message)]
        },
        name: "findings"))
    if findings.contains(where: { $0.state == "problem" }) { throw ExitStatus.problemsFound }
  }
}

/// `irisarchive refs insert`
struct RefsInsertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "insert", abstract: "Put reference files into the cache and into a new context.",
    discussion: """
      Each file is certified first; one that has a problem, and nothing is changed. The new context is derived from \
      the pinned one and takes its place; hooks of reference-updated are told, and products that would now choose \
      another reference become stale, at once when the daemon runs. With --context of another context that one is \
      the base, and the archive goes on with its own.
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: "FITS files by path, or masters of the catalog by name.") var files: [String]
  @Option(name: .long, help: "Type of the files; else what their REFTYPE says.") var type: String?
  @Option(name: .long, help: ArgumentHelp("Context to start from; else the pinned one.", valueName: "pmap"))
  var context: String?
  @OptionGroup var list: ListOptions

  func run() async throws {
    let place = try RefsPlace(root)
    let reader = try root.reader()
    let files = try files.map { try Self.path($0, reader) }
    let deliveries = try files.map { try ReferenceDelivery(try FileHeaders(path: $0), type: type) }
    try await requireCertified(files, place)
    let pinned = try place.pinned()
    let base = try place.desk.cache.contextName(context ?? pinned)
    let receipts =
      try base == pinned
      ? ReferenceCounter(root: try root.path(), settings: try root.settings()).insert(
        deliveries, at: Clock.now)
      : aside(deliveries, base, place)
    try list.put(Self.table(receipts))
    for receipt in receipts where !receipt.isNew {
      Talk.line("\(receipt.file): \(receipt.context) has it already")
    }
    if base != pinned { Talk.line("the archive goes on with \(pinned)") }
  }

  /// A bare name that is no file here is a record of the catalog, as the reason of a refused master says it.
  private static func path(_ name: String, _ reader: CatalogReader) throws -> String {
    guard !name.contains("/"), !FileManager.default.fileExists(atPath: name),
      try !reader.subjects(named: name).isEmpty,
      case .frame(let frame) = try RecordFinder(reader: reader).find(name)
    else { return name }
    guard let path = frame.path else {
      throw CommandFailure(
        code: "file-gone", message: "its file is no longer in the archive", subject: name,
        hint: "irisarchive show \(name)")
    }
    return path
  }

  private func requireCertified(_ files: [String], _ place: RefsPlace) async throws {
    let findings = try await place.inspection(context: context).findings(files, type: type)
    let problems = findings.filter { $0.state == "problem" }
    guard let first = problems.first else { return }
    let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
    throw CommandFailure(
      code: "bad-file", message: "\(first.subject): \(first.message)\(more)", subject: first.file,
      hint: "irisarchive refs certify \(first.file)")
  }

  /// A context that the archive does not use: only the cache changes.
  private func aside(
    _ deliveries: [ReferenceDelivery], _ base: String, _ place: RefsPlace
  ) throws -> [ReferenceCounter.Receipt] {
    let context = try place.desk.context(base)
    let counter = try ReferenceCounter(root: try root.path(), settings: try root.settings())
    let deliveries = try deliveries.map { try counter.named($0) }
    let updates = try context.updates(for: deliveries)
    let inserter = ReferenceInserter(cache: place.desk.cache)
    for delivery in deliveries {
      _ = try inserter.install(delivery.path, as: delivery.name, linking: false)
    }
    let made = try inserter.insert(rows: updates, into: base)
    return deliveries.map { delivery in
      let row = context.rules(type: delivery.type)?.matchValues(header: delivery.header) ?? []
      return ReferenceCounter.Receipt(
        file: delivery.name, type: delivery.type,
        row: "(" + row.map { "'\($0)'" }.joined(separator: ", ") + ")",
        useAfter: delivery.useAfter, context: made, isNew: made != base)
    }
  }

  private static func table(_ receipts: [ReferenceCounter.Receipt]) -> Table {
    Table(
      [
        Column("file", .string), Column("type", .string), Column("row", .string),
        Column("useafter", .string), Column("context", .string),
      ],
      rows: receipts.map {
        [.string($0.file), .string($0.type), .string($0.row), .string($0.useAfter), .string($0.context)]
      }, name: "inserted")
  }
}
