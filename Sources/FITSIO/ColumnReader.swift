import CCFITSIO

/// Reads one column of the current table.
struct ColumnReader {
  let handle: FITSHandle
  let number: Int32
  let rows: Int
  let type: Int32

  /// What the header says of the column.
  private struct Description {
    var name = ""
    var unit = ""
    var format = ""
    var code: Int32 = 0  // as stored, negative for variable-length arrays
    var equivalent: Int32 = 0  // with scaling applied
    var repeatCount = 0
    var width = 0
    var nullValue: Int64?
  }

  func read() throws(FITSError) -> TableColumn {
    let column = try describe()
    if column.code < 0 { return try made(column, 1, arrays(column)) }
    switch column.equivalent {
    case TSTRING: return try strings(column)
    case TLOGICAL:
      return try made(column, column.repeatCount, .logicals(logicals(1, rows * column.repeatCount)))
    case TBIT: return try made(column, column.repeatCount, .logicals(bits(column)))
    case TCOMPLEX, TDBLCOMPLEX:
      let count = rows * column.repeatCount * 2
      return try made(column, column.repeatCount * 2, .doubles(complexes(1, count)))
    case let code where isInteger(code):
      return try made(column, column.repeatCount, .integers(integers(1, rows * column.repeatCount)))
    default: return try made(column, column.repeatCount, .doubles(doubles(1, rows * column.repeatCount)))
    }
  }

  private func isInteger(_ code: Int32) -> Bool {
    [TBYTE, TSBYTE, TSHORT, TUSHORT, TLONG, TULONG, TINT, TUINT, TLONGLONG].contains(code)
  }

  private func made(_ column: Description, _ elements: Int, _ values: TableValues) throws(FITSError)
    -> TableColumn
  {
    let isIntegers = if case .integers = values { true } else { false }
    return TableColumn(
      name: column.name, format: column.format, unit: column.unit.isEmpty ? nil : column.unit,
      elementsPerRow: elements, nullValue: isIntegers ? column.nullValue : nil, values: values)
  }

  private func describe() throws(FITSError) -> Description {
    var column = Description()
    var repeatCount: Int64 = 0
    var width: Int64 = 0
    try handle.call("reading a column's type") {
      ffgtclll($0, number, &column.code, &repeatCount, &width, &$1)
      ffeqtyll($0, number, &column.equivalent, nil, nil, &$1)
      return $1
    }
    column.repeatCount = Int(repeatCount)
    column.width = Int(width)
    column.name = try keyword("TTYPE")
    column.unit = try keyword("TUNIT")
    column.format = try keyword("TFORM")
    if let null = Int64(try keyword("TNULL")), type == BINARY_TBL {
      let zero = Double(try keyword("TZERO")) ?? 0
      column.nullValue = null.addingReportingOverflow(Int64(exactly: zero) ?? 0).partialValue
    }
    return column
  }

  private func keyword(_ root: String) throws(FITSError) -> String {
    var value = [CChar](repeating: 0, count: Int(FLEN_VALUE))
    try handle.call("reading a column's keywords") {
      ffgkys($0, "\(root)\(number)", &value, nil, &$1)
      if $1 == KEY_NO_EXIST || $1 == VALUE_UNDEFINED {
        $1 = 0
        ffcmsg()
      }
      return $1
    }
    return text(value)
  }

  private func integers(_ row: Int, _ count: Int) throws(FITSError) -> [Int64] {
    var values = [Int64](repeating: 0, count: count)
    guard count > 0 else { return values }
    try handle.call("reading integers") {
      ffgcvjj($0, number, Int64(row), 1, Int64(count), 0, &values, nil, &$1)
    }
    return values
  }

  private func doubles(_ row: Int, _ count: Int) throws(FITSError) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    guard count > 0 else { return values }
    try handle.call("reading numbers") {
      ffgcvd($0, number, Int64(row), 1, Int64(count), .nan, &values, nil, &$1)
    }
    return values
  }

  private func complexes(_ row: Int, _ count: Int) throws(FITSError) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    guard count > 0 else { return values }
    try handle.call("reading complex numbers") {
      ffgcvm($0, number, Int64(row), 1, Int64(count / 2), .nan, &values, nil, &$1)
    }
    return values
  }

  private func logicals(_ row: Int, _ count: Int) throws(FITSError) -> [Bool?] {
    var values = [CChar](repeating: 0, count: count)
    var nulls = [CChar](repeating: 0, count: count)
    guard count > 0 else { return [] }
    try handle.call("reading logicals") {
      ffgcfl($0, number, Int64(row), 1, Int64(count), &values, &nulls, nil, &$1)
    }
    return zip(values, nulls).map { $1 != 0 ? nil : $0 != 0 }
  }

  private func bits(_ column: Description) throws(FITSError) -> [Bool?] {
    var all: [Bool?] = []
    var row = [CChar](repeating: 0, count: column.repeatCount)
    guard column.repeatCount > 0 else { return [] }
    for index in 0..<rows {
      try handle.call("reading bits") {
        ffgcx($0, number, Int64(index) + 1, 1, Int64(column.repeatCount), &row, &$1)
      }
      for bit in row { all.append(bit != 0) }
    }
    return all
  }
}

extension ColumnReader {
  /// Fixed-width strings; `rAw` columns hold r/w of them in a row.
  private func strings(_ column: Description) throws(FITSError) -> TableColumn {
    let width = max(1, column.width)
    let perRow = type == ASCII_TBL ? 1 : column.repeatCount / width
    let count = rows * perRow
    var values: [String] = []
    values.reserveCapacity(count)
    let batch = max(1, min(count, 4096))
    let stride = width + 1
    let characters = UnsafeMutablePointer<CChar>.allocate(capacity: batch * stride)
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: batch)
    defer {
      characters.deallocate()
      pointers.deallocate()
    }
    for i in 0..<batch { pointers[i] = characters + i * stride }
    while values.count < count {
      let size = min(batch, count - values.count)
      let row = values.count / perRow
      let element = values.count % perRow
      try handle.call("reading strings") {
        ffgcvs($0, number, Int64(row) + 1, Int64(element) + 1, Int64(size), nil, pointers, nil, &$1)
      }
      for i in 0..<size { values.append(String(cString: characters + i * stride)) }
    }
    return try made(column, perRow, .strings(values))
  }

  /// Variable-length arrays: their lengths come from the row's descriptor.
  private func arrays(_ column: Description) throws(FITSError) -> TableValues {
    let wholeNumbers = isInteger(abs(column.equivalent))
    var integerRows: [[Int64]] = []
    var doubleRows: [[Double]] = []
    for row in 1...max(1, rows) where row <= rows {
      var length: Int64 = 0
      var offset: Int64 = 0
      try handle.call("reading an array's length") {
        ffgdesll($0, number, Int64(row), &length, &offset, &$1)
      }
      guard length >= 0, length <= max(handle.fileBytes, 1) * 2000 else {
        throw FITSError(
          code: "truncated", message: "row \(row) of column \(column.name) declares \(length) elements",
          subject: handle.path)
      }
      switch abs(column.code) {
      case TSTRING:
        throw FITSError(
          code: "bad-column",
          message: "column \(column.name) holds strings of variable length, which are not read",
          subject: handle.path)
      case TCOMPLEX, TDBLCOMPLEX: doubleRows.append(try complexes(row, Int(length) * 2))
      case TLOGICAL: integerRows.append(try logicals(row, Int(length)).map { $0 == true ? 1 : 0 })
      default:
        if wholeNumbers {
          integerRows.append(try integers(row, Int(length)))
        } else {
          doubleRows.append(try doubles(row, Int(length)))
        }
      }
    }
    return integerRows.isEmpty && !wholeNumbers ? .doubleArrays(doubleRows) : .integerArrays(integerRows)
  }
}
