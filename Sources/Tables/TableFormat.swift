/// The output formats that every listing command has.
public enum TableFormat: String, Sendable, CaseIterable, Codable {
  /// Aligned, for people at a terminal.
  case table
  /// Tab-separated with a header line: the form for pipes.
  case tsv
  case csv
  /// An array of objects.
  case json
  /// One object per line.
  case jsonl
  /// VOTable 1.4 with units, UCDs and descriptions.
  case votable
  /// Enhanced CSV with units and descriptions.
  case ecsv

  /// The whole table as text, ending with a newline.
  ///
  /// - Parameters:
  ///   - options: width and colour; only `.table` heeds them.
  public func render(_ table: Table, options: TextOptions = TextOptions()) -> String {
    switch self {
    case .table: AlignedWriter(options: options).render(table)
    case .tsv: TSVWriter().render(table)
    case .csv: CSVWriter().render(table)
    case .json: JSONWriter().render(table)
    case .jsonl: JSONLinesWriter().render(table)
    case .votable: VOTableWriter().render(table)
    case .ecsv: ECSVWriter().render(table)
    }
  }
}

/// How a table for people is laid out. The caller knows the terminal, `NO_COLOR`, `TERM` and `--color`.
public struct TextOptions: Sendable, Hashable {
  /// Columns of the terminal; nil writes everything in full.
  public var width: Int?
  /// Colour the words in columns called `state`.
  public var colour: Bool

  public init(width: Int? = nil, colour: Bool = false) {
    self.width = width
    self.colour = colour
  }
}
