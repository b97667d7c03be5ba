import ArgumentParser
import CatalogStore
import Tables

/// `irisarchive verify`
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check that files are there, whole and as recorded.",
    discussion: """
      For each file of the selection: it exists, has the recorded size and sha256, its CHECKSUM and DATASUM agree, \
      and the provenance of a product is closed; without a selection, also the references that masters became, files \
      without a record (extra), and where a file that is not in its place lies now (moved). \
      A quarantined file that is named is told with its reason. One row per problem; exit code 4 when there is one.
      """)

  @OptionGroup var root: RootOptions
  @OptionGroup var selection: SelectionOptions
  @OptionGroup var list: ListOptions

  func run() throws {
    let reader = try root.reader()
    let folders =
      selection.isEverything ? try? StrayFiles(layout: root.layout(), settings: root.settings()) : nil
    let listing = folders?.listing(now: Clock.now) ?? []
    var strays = try folders?.strays(listing, reader: reader) ?? []
    let frames = try reader.frames(try selection.built(), scan: HeaderSearch.satisfies)
    var progress = ProgressLine(total: frames.count, what: "files verified")
    var rows: [[Cell]] = []
    let isNamed = !selection.selection.isEmpty || !selection.state.isEmpty
    for frame in frames {
      if try FileVerification(reader: reader).isReplaced(frame) {
        Talk.line("\(CommandFailure.oneLine(frame.name)): an older record; \(frame.reason ?? "replaced")")
        progress.advance(bytes: frame.bytes ?? 0)
        continue
      }
      // Quarantine is the archive's normal work; it is told to those who ask about the file.
      if isNamed && frame.state == "quarantined" {
        rows.append([
          .string(frame.name), .string("quarantined"), .string(frame.reason ?? ""), Cell(frame.path),
        ])
      }
      for var problem in try FileVerification(reader: reader).problems(of: frame) {
        if problem.code == "missing", let home = folders?.home(of: frame, among: strays) {
          problem = .init(code: "moved", sentence: "is not in its place, but lies at \(home)")
          strays.removeAll { $0.path == home }
        }
        rows.append([.string(frame.name), .string(problem.code), .string(problem.sentence), Cell(frame.path)])
      }
      progress.advance(bytes: frame.bytes ?? 0)
    }
    progress.end()
    rows += strays.compactMap { folders?.row($0) }
    if selection.isEverything {
      rows += try ReferenceVerification(reader: reader, cache: try? root.layout().rules).rows()
    }
    let table = Table(
      [
        Column("name", .string), Column("problem", .string), Column("sentence", .string),
        Column("path", .string),
      ],
      rows: rows, name: "problems")
    try list.put(table)
    Talk.line("\(frames.count) files verified, \(rows.count) problems")
    if frames.isEmpty { throw ExitStatus.nothingMatched }
    if !rows.isEmpty { throw ExitStatus.problemsFound }
  }
}
