import Foundation

/// A list of stars (`config/standards.csv`), read as strictly as the step does that is given it.
///
/// The same lines are rows, remarks and faults here as in `DelimitedRows` and in the step's own list, which the daemon
/// cannot be linked with: what the step would refuse, jobs wait for. A test holds both against one table of texts.
package struct StarList: Sendable, Equatable {
  package struct Row: Sendable, Equatable {
    package var name: String
    /// Empty: it serves all.
    package var filter: String
    /// Its cells, without blanks and quotes about them, lower case.
    package var line: String
  }

  /// The names of the columns, as a line.
  package private(set) var head = ""
  package private(set) var rows: [Row] = []
  /// The first thing wrong with it, as a sentence; nil for a good one. A head without rows is a good one without stars.
  package private(set) var fault: String?

  /// A file with bytes that are no UTF-8 is read all the same, as the step reads it.
  package init(path: String) {
    guard let data = FileManager.default.contents(atPath: path) else {
      var status = stat()
      fault =
        lstat(path, &status) == 0
        ? "\(path) cannot be read; make it a file that the archive may read"
        : "nobody said how bright any star is: there is no \(path)"
      return
    }
    parse(String(decoding: data, as: UTF8.self), path: path)
  }

  private mutating func parse(_ text: String, path: String) {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { (number: $0 + 1, cells: Self.cells(of: $1)) }
      .filter { !($0.cells.count == 1 && $0.cells[0].isEmpty) && !$0.cells[0].hasPrefix("#") }
    guard let names = lines.first?.cells else {
      fault = "\(path) has no line of column names: name,filter,mag,err"
      return
    }
    head = names.joined(separator: ",")
    guard let name = names.firstIndex(of: "name"), let magnitude = names.firstIndex(of: "mag") else {
      fault =
        "\(path) has no column \(names.contains("name") ? "mag" : "name"): its first line names the columns"
      return
    }
    let filter = names.firstIndex(of: "filter")
    for (number, cells) in lines.dropFirst() {
      guard cells.count == names.count else {
        fault = fault ?? "\(path), row \(number) has \(cells.count) columns and the head \(names.count)"
        continue
      }
      if Double(cells[magnitude])?.isFinite != true {
        fault = fault ?? "\(path), row \(number) has no magnitude: '\(cells.joined(separator: ","))'"
      }
      rows.append(
        Row(name: cells[name], filter: filter.map { cells[$0] } ?? "", line: cells.joined(separator: ",")))
    }
  }

  private static func cells(of line: Substring) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r\"")).lowercased()
    }
  }

  /// The star of a name, letter case and blanks left aside, in a filter: the one that the step would take.
  package func row(named name: String, filter: String?) -> Row? {
    let wanted = Self.plain(name)
    return rows.first {
      Self.plain($0.name) == wanted && ($0.filter.isEmpty || $0.filter == filter?.lowercased())
    }
  }

  /// As the step compares names.
  private static func plain(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" }
  }
}
