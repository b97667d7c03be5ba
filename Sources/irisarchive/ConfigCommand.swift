import ArgumentParser
import Settings
import Tables

/// `irisarchive config`
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "The archive's settings.", subcommands: [ConfigShow.self],
    defaultSubcommand: ConfigShow.self)
}

/// `irisarchive config show`
struct ConfigShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Every setting with its value, and where that came from.",
    discussion: "Precedence: flag, environment, file, built-in.")

  @OptionGroup var root: RootOptions
  @Flag(name: .long, help: "Which source won: built-in, file and line, environment variable.")
  var origin = false
  @OptionGroup var list: ListOptions

  func run() throws {
    let settings = try root.settings()
    var columns = [Column("key", .string), Column("value", .string)]
    if origin { columns.append(Column("origin", .string)) }
    let rows = settings.all.map { key, resolved -> [Cell] in
      let row: [Cell] = [.string(key.rawValue), .string(resolved.text)]
      return origin ? row + [.string(resolved.origin.description)] : row
    }
    try list.put(Table(columns, rows: rows, name: "settings"))
  }
}
