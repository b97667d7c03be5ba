import CatalogStore
import Tables

extension SelectionColumn {
  /// The column as lists have it; times are ISO 8601 text there.
  var column: Column {
    let kind: Column.Kind =
      switch self.kind {
      case .text, .time: .string
      case .integer: .int
      case .real: .double
      }
    return Column(name, kind, unit: unit, ucd: ucd, description: summary)
  }
}

extension SelectionValue {
  var cell: Cell {
    switch self {
    case .none: .null
    case .text(let text): .string(text)
    case .integer(let number): .int(number)
    case .real(let number): .double(number)
    case .time(let seconds): .string(CatalogTime.text(seconds))
    }
  }
}

extension SelectionResult {
  var table: Table {
    Table(
      columns.map(\.column), rows: rows.map { $0.map(\.cell) }, name: "files",
      description: "irisarchive query")
  }
}
