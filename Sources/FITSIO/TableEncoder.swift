import FITSStructure

/// The rows and column keywords of a binary table.
struct TableEncoder {
  let rowCount: Int
  let rowBytes: Int
  private let columns: [Encoded]

  /// One column, its strings already turned to bytes.
  private struct Encoded {
    let column: TableColumn
    let format: String
    let width: Int  // bytes of one row's cell
    let strings: [[UInt8]]
  }

  /// - Throws: `bad-column`: lengths differ, or a kind that is only read.
  init(columns: [TableColumn], subject: String) throws(FITSError) {
    var encoded: [Encoded] = []
    var rows: Int?
    for column in columns {
      let perRow = column.elementsPerRow
      guard perRow > 0, column.values.count % perRow == 0,
        rows == nil || rows == column.values.count / perRow,
        let one = Self.encode(column)
      else {
        throw FITSError(
          code: "bad-column",
          message:
            "\(column.values.count) values of \(perRow) per row do not fit a table of \(rows ?? 0) rows",
          subject: "\(subject), column \(column.name)")
      }
      rows = column.values.count / perRow
      encoded.append(one)
    }
    self.columns = encoded
    rowCount = rows ?? 0
    rowBytes = encoded.reduce(0) { $0 + $1.width }
  }

  private static func encode(_ column: TableColumn) -> Encoded? {
    func plain(_ letter: String, _ bytes: Int) -> Encoded {
      let count = column.elementsPerRow
      return Encoded(column: column, format: "\(count)\(letter)", width: count * bytes, strings: [])
    }
    switch column.values {
    case .strings(let values):
      guard column.elementsPerRow == 1 else { return nil }
      let bytes = values.map { Array(Card.escaped($0).utf8) }
      let width = max(1, bytes.map(\.count).max() ?? 1)
      return Encoded(column: column, format: "\(width)A", width: width, strings: bytes)
    case .integers: return plain("K", 8)
    case .shortIntegers: return plain("J", 4)
    case .doubles: return plain("D", 8)
    case .floats: return plain("E", 4)
    case .logicals: return plain("L", 1)
    case .integerArrays, .doubleArrays: return nil
    }
  }

  /// `TTYPEn`, `TFORMn` and `TUNITn`.
  var cards: [Card] {
    columns.enumerated().flatMap { index, encoded in
      let unit = encoded.column.unit.map { [Card("TUNIT\(index + 1)", $0)] } ?? []
      return [Card("TTYPE\(index + 1)", encoded.column.name), Card("TFORM\(index + 1)", encoded.format)]
        + unit
    }
  }

  /// The data unit without padding.
  func rows() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rowCount * rowBytes)
    for row in 0..<rowCount {
      for encoded in columns { Self.append(encoded, row, to: &bytes) }
    }
    return bytes
  }

  private static func append(_ encoded: Encoded, _ row: Int, to bytes: inout [UInt8]) {
    let count = encoded.column.elementsPerRow
    let cell = row * count..<(row + 1) * count
    switch encoded.column.values {
    case .strings:
      let string = encoded.strings[row]
      bytes += string
      bytes += [UInt8](repeating: 0, count: encoded.width - string.count)
    case .integers(let values): for i in cell { append(UInt64(bitPattern: values[i]), to: &bytes) }
    case .shortIntegers(let values): for i in cell { append(UInt32(bitPattern: values[i]), to: &bytes) }
    case .doubles(let values): for i in cell { append(values[i].bitPattern, to: &bytes) }
    case .floats(let values): for i in cell { append(values[i].bitPattern, to: &bytes) }
    case .logicals(let values): for i in cell { bytes.append(values[i].map { $0 ? 0x54 : 0x46 } ?? 0) }
    case .integerArrays, .doubleArrays: break  // refused by `init`
    }
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
