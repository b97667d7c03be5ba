import CCFITSIO

extension FITSFile {
  /// Reads a whole binary or ASCII table.
  ///
  /// - Throws: `no-such-hdu`, `not-a-table`, `truncated`, `cfitsio`.
  public func table(of hdu: Int) throws(FITSError) -> TableHDU {
    let type = try handle.move(to: hdu)
    guard type == BINARY_TBL || type == ASCII_TBL else {
      throw FITSError(code: "not-a-table", message: "this HDU is an image", subject: handle.subject(hdu))
    }
    try checkDataArePresent(hdu)
    var rows: Int64 = 0
    var count: Int32 = 0
    try handle.call("reading the table's size") { ffgnrwll($0, &rows, &$1) }
    try handle.call("reading the table's size") { ffgncl($0, &count, &$1) }
    var columns: [TableColumn] = []
    for number in 0..<max(0, count) {
      columns.append(try ColumnReader(handle: handle, number: number + 1, rows: Int(rows), type: type).read())
    }
    return TableHDU(name: try keyword("EXTNAME") ?? "", rowCount: Int(rows), columns: columns)
  }
}
