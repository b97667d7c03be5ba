import Archive
import ArgumentParser
import Tables

/// `irisarchive associate`
struct AssociateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "associate", abstract: "Why a frame is, or is not, in an association; close or hold one.",
    discussion: """
      --close reduces an association with the frames it has, --hold keeps it from closing and from being reduced, \
      --release lets a held one wait again. NAME is an association, or a frame: then what it is in.
      """)

  @OptionGroup var root: RootOptions
  @Flag(name: .long, help: "Every rule and candidate with the first criterion that failed, and by how much.")
  var explain = false
  @Flag(name: .long, help: "Close it with what is there.")
  var close = false
  @Flag(name: .long, help: "Hold it until it is released or closed.")
  var hold = false
  @Flag(name: .long, help: "Let a held one wait for frames again.")
  var release = false
  @Argument(help: "A frame or an association.")
  var name: String
  @OptionGroup var list: ListOptions

  private var verbs: [AssociationControl.Verb] {
    (close ? [.close] : []) + (hold ? [.hold] : []) + (release ? [.release] : [])
  }

  mutating func validate() throws {
    guard verbs.count + (explain ? 1 : 0) == 1 else {
      throw ValidationError("say what to do with \(name): one of --explain, --close, --hold, --release")
    }
  }

  func run() throws {
    if let verb = verbs.first { return try change(verb) }
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

  private func change(_ verb: AssociationControl.Verb) throws {
    let changes = try root.associationControl().change(name, verb)
    let columns = ["association", "rule", "state", "reason"].map { Column($0, .string) }
    try list.put(
      Table(
        columns,
        rows: changes.map {
          [.string($0.association), .string($0.rule), .string($0.state), .string($0.reason)]
        }, name: "changed"))
  }
}
