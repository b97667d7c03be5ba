import Archive
import ArgumentParser
import CatalogStore
import Tables

/// `irisarchive stale`
struct StaleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stale", abstract: "Products that would come out differently, and why.",
    discussion: """
      Without an option, those that are marked: something they were made of has changed since. With one, what would \
      change: nothing is marked by asking. Reduce them again with irisarchive reprocess.

        irisarchive stale
        irisarchive stale --why                                # against program, parameters and rules as they are
        irisarchive stale --context tmt_0003.pmap..tmt_0004.pmap
        irisarchive stale --made-of irs_0042.fits              # a frame or a reference file
      """)

  @OptionGroup var root: RootOptions
  @Flag(name: .long, help: "Compare with the program, the parameters and the pinned rules as they are now.")
  var why = false
  @Option(name: .long, help: ArgumentHelp("Where two contexts choose differently.", valueName: "a..b"))
  var context: String?
  @Option(name: .long, help: ArgumentHelp("What was made of a frame or reference.", valueName: "name"))
  var madeOf: String?
  @OptionGroup var list: ListOptions

  mutating func validate() throws {
    if [why, context != nil, madeOf != nil].filter({ $0 }).count > 1 {
      throw ValidationError("ask one question at a time: --why, --context or --made-of")
    }
  }

  func run() async throws {
    let rows = try await found().map { item -> [Cell] in
      [
        .string(item.product.name), Cell(item.product.kind), .string(item.product.state),
        .string(item.cause), .string(item.reason), .string(item.association.name), Cell(item.product.path),
      ]
    }
    let names = ["name", "kind", "state", "cause", "reason", "association", "path"]
    try list.put(Table(names.map { Column($0, .string) }, rows: rows, name: "stale"))
    if rows.isEmpty { throw ExitStatus.nothingMatched }
  }

  private func found() async throws -> [StaleProduct] {
    if why { return try await root.staleness().changed() }
    if let context {
      let range = try ContextRange(context)
      return try root.staleness().affected(from: range.old, to: range.new)
    }
    let reader = try root.reader()
    guard let madeOf else { return try reader.staleProducts() }
    return try Ingredient(reader: reader).products(of: madeOf)
  }
}

/// `A..B`, two contexts of reference rules.
struct ContextRange {
  let old: String
  let new: String

  init(_ text: String) throws(CommandFailure) {
    let parts = text.components(separatedBy: "..").filter { !$0.isEmpty }
    guard parts.count == 2 else {
      throw CommandFailure(
        code: "usage", message: "two contexts are named as A..B", subject: text,
        hint: "tmt_0003.pmap..tmt_0004.pmap")
    }
    (old, new) = (parts[0], parts[1])
  }
}

/// Products that hold a frame or a reference, to any depth.
struct Ingredient {
  let reader: CatalogReader

  func products(of name: String) throws -> [StaleProduct] {
    let reference = try reader.reference(file: name)
    let frame: FrameRecord? =
      if case .frame(let found) = try? RecordFinder(reader: reader).find(name) { found } else { nil }
    if reference == nil && frame == nil { _ = try RecordFinder(reader: reader).find(name) }
    return try reader.madeOf(frame: frame?.id, sha256: reference?.sha256 ?? frame?.sha256).map { item in
      var item = item
      item.cause = reference == nil ? "member" : "reference"
      item.reason = "made of \(name)"
      return item
    }
  }
}
