import ArgumentParser
import CatalogStore
import Tables

/// `irisarchive query`
struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "List raw files and products.",
    discussion: """
      Superseded products are hidden without --all. With no match the answer is empty and the exit code 3.

        irisarchive query --obsname 'LEN-*' --night 2026-07-14
        irisarchive query --level 2 --near 265.17,-29.01 --radius 20 --format votable -o fields.xml
        irisarchive query --where "exptime >= 60 and (filter = 'K' or object like 'M%')" --columns name,reason
      """)

  @OptionGroup var root: RootOptions
  @OptionGroup var selection: SelectionOptions
  @OptionGroup var list: ListOptions

  func run() throws {
    if list.asksForColumns {
      return try list.write(
        list.chosenFormat.render(ListOptions.description(of: SelectionColumn.all.map(\.column))))
    }
    let columns = list.columnNames ?? (list.names ? ["name"] : SelectionColumn.defaultNames)
    let reader = try root.reader()
    let found = try reader.query(
      try selection.built(), columns: columns, limit: list.limit, scan: HeaderSearch.satisfies)
    if found.scannedHeaders > 0 {
      Talk.line("no index holds this keyword: looked into the headers of \(found.scannedHeaders) files")
    }
    if found.rows.isEmpty { try KeywordCheck(reader: reader).check(selection.keywordNames) }
    var shown = list
    shown.columns = nil
    try shown.put(found.table, total: found.total)
    if found.rows.isEmpty { throw ExitStatus.nothingMatched }
  }
}
