import Foundation

/// A text file of comma-separated columns with one line of names, as people write offsets and star lists.
///
/// Lines that are empty or begin with `#` are passed over, so ECSV with commas is read too.
public struct DelimitedRows: Sendable {
  /// Names of the columns, lower case.
  public let names: [String]
  /// Values of each row, without blanks and quotes about them.
  public let rows: [[String]]
  private let path: String

  /// - Throws: `unreadable-file`, `no-rows`, `uneven-row`.
  public init(path: String) throws(ModelError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ModelError(code: "unreadable-file", message: "the file cannot be read", subject: path)
    }
    let lines = String(decoding: data, as: UTF8.self)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { (number: $0 + 1, cells: Self.cells(of: $1)) }
      .filter { !($0.cells.count == 1 && $0.cells[0].isEmpty) && !($0.cells[0].hasPrefix("#")) }
    guard let head = lines.first, lines.count > 1 else {
      throw ModelError(
        code: "no-rows", message: "the file needs a line of column names and rows below it", subject: path)
    }
    if let uneven = lines.first(where: { $0.cells.count != head.cells.count }) {
      throw ModelError(
        code: "uneven-row",
        message: "a row has \(uneven.cells.count) columns and the head \(head.cells.count)",
        subject: "\(path), row \(uneven.number)")
    }
    names = head.cells.map { $0.lowercased() }
    rows = lines.dropFirst().map(\.cells)
    self.path = path
  }

  private static func cells(of line: Substring) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r\""))
    }
  }

  /// The texts of a column; nil when there is none of that name.
  public func column(_ name: String) -> [String]? {
    names.firstIndex(of: name.lowercased()).map { k in rows.map { $0[k] } }
  }

  /// The numbers of a column; nil when there is none of that name.
  /// - Throws: `not-a-number`.
  public func numbers(_ name: String) throws(ModelError) -> [Double]? {
    guard let texts = column(name) else { return nil }
    var values: [Double] = []
    for text in texts {
      guard let value = Double(text), value.isFinite else {
        throw ModelError(
          code: "not-a-number", message: "'\(text)' in column \(name) is no number", subject: path)
      }
      values.append(value)
    }
    return values
  }
}
