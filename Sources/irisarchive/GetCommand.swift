import ArgumentParser
import CatalogStore
import Foundation
import Tables

/// `irisarchive get`
struct GetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Fetch files into a folder.",
    discussion: """
      Copies, each compared with its recorded sha256 while it is copied, or with --link symbolic links. Nothing is \
      ever overwritten: the same file that lies there already is left, another of its name is an error. Of several \
      files of one name in a selection the later ones get their night, then their record's number, into the name.

        irisarchive get --level 2 --object 'M 31' --to ~/m31
      """)

  @OptionGroup var root: RootOptions
  @OptionGroup var selection: SelectionOptions
  @Option(name: .long, help: ArgumentHelp("Where to; made when it is not there.", valueName: "dir"))
  var to: String
  @Flag(name: .long, help: "Copy, the default.")
  var copy = false
  @Flag(name: .long, help: "Make symbolic links.")
  var link = false
  @OptionGroup var list: ListOptions

  mutating func validate() throws {
    if copy && link { throw ValidationError("either --copy or --link") }
    if selection.isEverything { throw ValidationError("say which files; all of them are '*'") }
  }

  func run() throws {
    let frames = try root.reader().frames(try selection.built(), scan: HeaderSearch.satisfies)
    let fetch = FileFetch(folder: Paths.absolute(to), links: link)
    if !frames.isEmpty { try fetch.prepare() }
    var progress = ProgressLine(total: frames.count, what: "files fetched")
    var rows: [[Cell]] = []
    var failed = 0
    for (frame, name) in FileFetch.names(frames) {
      let outcome = fetch.fetch(frame, as: name)
      if outcome.isFailure {
        failed += 1
        Talk.line(
          "error: \(CommandFailure.oneLine("\(outcome.sentence) — \(frame.name)"))\nhint: irisarchive verify "
            + ShellWord.quoted(frame.name))
      }
      rows.append([
        .string(frame.name), .string(outcome.word), .string("\(fetch.folder)/\(name)"),
        .string(outcome.sentence),
      ])
      progress.advance(bytes: frame.bytes ?? 0)
    }
    progress.end()
    try list.put(
      Table(["name", "outcome", "path", "reason"].map { Column($0, .string) }, rows: rows, name: "fetched"))
    if frames.isEmpty { throw ExitStatus.nothingMatched }
    if failed > 0 { throw failed < frames.count ? ExitStatus.someFailed : .failed }
  }
}
