import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Metadata
import ReferenceDesk
import References
import Tables

extension ReferenceDeskError: ToldError {}

/// `irisarchive refs`
struct RefsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refs", abstract: "The reference rules: choose, insert, compare, check.",
    discussion: """
      Without --context the pinned context is meant: the one that the archive uses. 'latest' and 'operational' are \
      understood.
      """,
    subcommands: [
      RefsBestCommand.self, RefsInsertCommand.self, RefsContextsCommand.self, RefsDiffCommand.self,
      RefsAffectedCommand.self, RefsCertifyCommand.self, RefsChecksumCommand.self,
    ])
}

/// What the subcommands of `refs` share.
struct RefsPlace {
  let root: RootOptions
  let desk: ReferenceDesk

  init(_ root: RootOptions) throws {
    self.root = root
    desk = ReferenceDesk(cache: RulesCache(path: try root.layout().rules))
  }

  /// The context in use; that of the settings while the catalog says none, or there is no catalog yet.
  ///
  /// - Throws: `CatalogError` of a catalog that is there and cannot be read: it may say another context.
  func pinned() throws -> String {
    let path = try root.catalogPath()
    do throws(CatalogError) {
      let reader = try CatalogReader(path: path)
      if let pinned = try reader.fact("context") { return pinned }
    } catch {
      guard error.code == "catalog-missing" else { throw error }
    }
    return try root.settings().context
  }

  /// A context, its faults told on standard error.
  func context(_ named: String?) throws -> RulesContext {
    let context = try desk.context(try named ?? pinned())
    for warning in context.warnings { Talk.line("warning: \(CommandFailure.oneLine(warning))") }
    return context
  }
}

/// `irisarchive refs best`
struct RefsBestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "best", abstract: "What the rules choose for a frame, type by type, and why.",
    discussion: "The rules alone: 'associate --explain' adds the windows in time and the stand-ins.")

  @OptionGroup var root: RootOptions
  @Argument(help: "A FITS file by path, or a frame of the catalog by name.") var file: String
  @Option(name: .long, help: "Only this type; may be repeated.") var type: [String] = []
  @Option(name: .long, help: ArgumentHelp("Context; else the pinned one.", valueName: "pmap")) var context:
    String?
  @OptionGroup var list: ListOptions

  func run() throws {
    let place = try RefsPlace(root)
    let context = try place.context(context)
    let table = try place.desk.best(try metadata(), types: type.isEmpty ? nil : type, in: context)
    try list.put(table)
    let isNothing = table.rows.allSatisfy { $0[1] == .string("none") || $0[1] == .string("omitted") }
    if isNothing { throw ExitStatus.nothingMatched }
  }

  private func metadata() throws -> FrameMetadata {
    if FileManager.default.fileExists(atPath: file) { return try FileHeaders(path: file).metadata }
    guard !file.contains("/"), let reader = try? root.reader(),
      case .frame(let frame) = try RecordFinder(reader: reader).find(file)
    else { return try FileHeaders(path: file).metadata }
    return try ReferenceCounter(root: try root.path(), settings: try root.settings()).metadata(
      frame: frame.id)
  }
}

/// `irisarchive refs contexts`
struct RefsContextsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contexts", abstract: "The contexts, what each was made from and why, and the one in use.")

  @OptionGroup var root: RootOptions
  @OptionGroup var list: ListOptions

  func run() throws {
    let place = try RefsPlace(root)
    var made: [String: (at: String, reason: String)] = [:]
    for context in (try? root.reader().contexts()) ?? [] {
      made[context.name] = (CatalogTime.text(context.madeAt), context.reason)
    }
    try list.put(try place.desk.contexts(current: try place.pinned(), made: made))
  }
}

/// `irisarchive refs diff`
struct RefsDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Rows added, removed and replaced from one context to another.")

  @OptionGroup var root: RootOptions
  @Argument(help: "A context.") var old: String
  @Argument(help: "Another.") var new: String
  @OptionGroup var list: ListOptions

  func run() throws {
    let place = try RefsPlace(root)
    try list.put(place.desk.differences(try place.context(old), try place.context(new)))
  }
}

/// `irisarchive refs affected`
struct RefsAffectedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "affected", abstract: "Which products would choose another reference in another context.",
    discussion:
      "Current and stale products of the catalog, by the rules alone; references given by hand are left out.")

  @OptionGroup var root: RootOptions
  @Argument(help: "A context.") var old: String
  @Argument(help: "Another.") var new: String
  @OptionGroup var list: ListOptions

  func run() throws {
    let place = try RefsPlace(root)
    _ = try root.reader()
    let counter = try ReferenceCounter(root: try root.path(), settings: try root.settings())
    let affected = try counter.affected(from: try place.context(old), to: try place.context(new))
    try list.put(
      Table(
        ReferenceDesk.affectedColumns, rows: affected.map { ReferenceDesk.row($0.product, $0.change) },
        name: "affected", description: "from \(old) to \(new)"))
    if affected.isEmpty { throw ExitStatus.nothingMatched }
  }
}

/// `irisarchive refs checksum`
struct RefsChecksumCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checksum", abstract: "Check, or write, the sha1sums of mappings.")

  @OptionGroup var root: RootOptions
  @Argument(help: "Mappings, by path or by name in the cache; none: all of the cache.") var files: [String] =
    []
  @Flag(name: .long, help: "Write the right sha1sum into those that have another.") var update = false
  @OptionGroup var list: ListOptions

  func run() throws {
    let desk = try RefsPlace(root).desk
    let paths = files.map { file in
      let isName = !file.contains("/") && !FileManager.default.fileExists(atPath: file)
      return isName ? "\(desk.cache.mappingsFolder)/\(file)" : file
    }
    let (table, faults) = try desk.checksums(paths, updating: update)
    try list.put(table)
    if faults > 0 { throw ExitStatus.problemsFound }
  }
}
