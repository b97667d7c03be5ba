import ArgumentParser
import CatalogStore

/// Which files and products: the same options for every command that takes a selection.
struct SelectionOptions: ParsableArguments {
  @Argument(help: "Names of files, with or without .fits, or absolute paths; globs allowed.")
  var selection: [String] = []

  @Option(name: .long, help: ArgumentHelp("Class of exposure; glob allowed ('LEN-*').", valueName: "glob"))
  var obsname: [String] = []
  @Option(name: .long, help: ArgumentHelp("SCI, CAL or ENG.", valueName: "glob"))
  var obstype: [String] = []
  @Option(name: .long, help: ArgumentHelp("Data level, 0 to 3.", valueName: "n"))
  var level: [Int] = []
  @Option(name: .long, help: ArgumentHelp("IMG1 … IMG4 or IFU.", valueName: "glob"))
  var detector: [String] = []
  @Option(name: .long, help: ArgumentHelp("Filter.", valueName: "glob"))
  var filter: [String] = []
  @Option(name: .long, help: ArgumentHelp("Target.", valueName: "glob"))
  var object: [String] = []
  @Option(name: .long, help: ArgumentHelp("Programme.", valueName: "glob"))
  var program: [String] = []
  @Option(name: .long, help: ArgumentHelp("Night, yyyy-mm-dd.", valueName: "glob"))
  var night: [String] = []
  @Option(name: .long, help: ArgumentHelp("State of the file or product.", valueName: "glob"))
  var state: [String] = []
  @Option(name: .long, help: ArgumentHelp("Kind: ramp, rate, cal, dark …", valueName: "glob"))
  var kind: [String] = []
  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Position: degrees or hh:mm:ss,dd:mm:ss.", valueName: "ra,dec"))
  var near: String?
  @Option(name: .long, help: ArgumentHelp("Radius about --near.", valueName: "arcsec"))
  var radius: Double?
  @Option(
    name: .long, help: ArgumentHelp("Condition over columns: 'exptime >= 60'.", valueName: "expression"))
  var `where`: String?
  @Option(name: .long, help: ArgumentHelp("Header keyword; glob allowed.", valueName: "NAME=VALUE"))
  var keyword: [String] = []
  @Flag(name: .long, help: "Superseded products too.")
  var all = false

  mutating func validate() throws {
    if (near == nil) != (radius == nil) { throw ValidationError("--near and --radius go together") }
  }

  /// No option narrows it.
  var isEverything: Bool {
    let globs = [obsname, obstype, detector, filter, object, program, night, state, kind, keyword]
    return selection.isEmpty && level.isEmpty && near == nil && self.where == nil
      && globs.allSatisfy(\.isEmpty)
  }

  /// - Throws: `bad-position`, `bad-keyword`, `where-…`, `unknown-column`.
  func built() throws -> Selection {
    var built = Selection()
    built.names = selection
    built.patterns = [
      "obsname": obsname.map { $0.uppercased() }, "obstype": obstype.map { $0.uppercased() },
      "detector": detector.map { $0.uppercased() }, "filter": filter, "object": object, "program": program,
      "night": night, "state": state, "kind": kind,
    ]
    built.levels = level
    if let near, let radius { built.cone = try SelectionCone(text: near, radiusArcseconds: radius) }
    built.expression = try self.where.map { text in try WhereExpression(text) }
    built.keywords = try keyword.map(Self.keyword)
    built.includesSuperseded = all
    return built
  }

  /// Names of the keywords asked for.
  var keywordNames: [String] { keyword.compactMap { try? Self.keyword($0).name } }

  private static func keyword(_ text: String) throws(CommandFailure) -> Selection.Keyword {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw CommandFailure(
        code: "bad-keyword", message: "--keyword needs NAME=VALUE", subject: text,
        hint: "--keyword 'READMODE=UTR'")
    }
    let name = text[..<equals].trimmingCharacters(in: .whitespaces)
    return Selection.Keyword(name: name, value: String(text[text.index(after: equals)...]))
  }
}
