import Archive
import ArgumentParser
import Tables

/// `irisarchive associate`
struct AssociateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "associate", abstract: "Why a frame is, or is not, in an association.")

  @OptionGroup var root: RootOptions
  @Flag(name: .long, help: "Every rule and candidate with the first criterion that failed, and by how much.")
  var explain = false
  @Argument(help: "A frame or an association.")
  var name: String
  @OptionGroup var list: ListOptions

  mutating func validate() throws {
    if !explain { throw ValidationError("say what to do with \(name): --explain") }
  }

  func run() throws {
    let rows = try ExplainService(root: try root.path(), settings: try root.settings()).explain(name: name)
    let table = Table(
      [
        Column("rule", .string), Column("role", .string), Column("candidate", .string),
        Column("accepted", .bool), Column("criterion", .string), Column("detail", .string),
      ],
      rows: rows.map {
        [
          .string($0.rule), .string($0.role), .string($0.candidate), .bool($0.accepted),
          .string($0.criterion),
          .string($0.detail),
        ]
      }, name: "explanation")
    try list.put(table)
    if rows.isEmpty { throw ExitStatus.nothingMatched }
  }
}
