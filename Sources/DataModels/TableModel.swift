import FITSIO
import FITSStructure
import Tables

/// A product that is a table: a primary header, one table extension, `PROVENANCE`.
public struct TableModel: Sendable {
  /// Primary header.
  public var header: Header
  /// EXTNAME of the table.
  public var extensionName: String
  /// Cards of the table's header beside the structural ones.
  public var tableHeader: Header
  /// Columns with unit, UCD and description, and rows.
  public var table: Table

  public init(header: Header, extensionName: String, tableHeader: Header = Header(), table: Table) {
    self.header = header
    self.extensionName = extensionName
    self.tableHeader = tableHeader
    self.table = table
  }

  /// Writes the file atomically; see `ImageModel.write`. `FILENAME` is set to its own name.
  ///
  /// Columns are `D`, `K`, `L` or `A`; whole numbers of which some are null become `D`, a null number being NaN; a null
  /// text is empty. `TUCDn` and `TCOMMn` hold UCDs and descriptions, as VO tools read them.
  /// - Throws: the error of the FITS layer.
  @discardableResult
  public func write(
    to path: String, provenance: ProvenanceTable? = nil, replacing: Bool = false,
    observing onBytes: ((UnsafeRawBufferPointer) -> Void)? = nil
  ) throws(ModelError) -> WrittenFile {
    try ModelError.wrapping(path) {
      var writer = try FITSWriter(path: path, observing: onBytes)
      var primary = header
      primary.set("FILENAME", .string(ImageModel.baseName(path)), comment: "Name of the file")
      try writer.appendPrimary(primary)
      var cards = columnCards
      cards.cards += tableHeader.cards
      try writer.appendTable(cards, name: extensionName, columns: columns)
      if let provenance { try provenance.append(to: &writer) }
      return try writer.commit(replacing: replacing)
    }
  }

  private var columns: [TableColumn] {
    table.columns.indices.map { index in
      let column = table.columns[index]
      return TableColumn(column.name, values(index, column.kind), unit: column.unit)
    }
  }

  private func values(_ index: Int, _ kind: Column.Kind) -> TableValues {
    let cells = table.rows.map { $0[index] }
    switch kind {
    case .string: return .strings(cells.map(\.text))
    case .int where !cells.contains(.null):
      return .integers(cells.map { if case .int(let value) = $0 { value } else { 0 } })
    case .int, .double: return .doubles(cells.map { Self.number($0) ?? .nan })
    case .bool: return .logicals(cells.map { if case .bool(let value) = $0 { value } else { nil } })
    }
  }

  private static func number(_ cell: Cell) -> Double? {
    switch cell {
    case .double(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }

  private var columnCards: Header {
    var header = Header()
    for (index, column) in table.columns.enumerated() {
      let number = index + 1
      if let ucd = column.ucd { header.append(Card("TUCD\(number)", ucd)) }
      if let text = column.description { header.append(Card("TCOMM\(number)", text)) }
    }
    return header
  }
}
