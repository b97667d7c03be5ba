import Foundation
import PipelineEngine

/// Stars of known magnitude, read from a text file.
///
/// Comma-separated values with a line of column names (ECSV too: lines that begin with `#` are passed over):
/// `ra` and `dec` in degrees (ICRS), `mag`, optionally `name`, `filter`, `err`, `colour`.
struct StarTable: Sendable {
  struct Star: Sendable {
    let name: String
    let filter: String
    let ra: Double?
    let dec: Double?
    let magnitude: Double
    let error: Double
    let colour: Double
  }

  let stars: [Star]

  /// - Throws: `EngineError` `input-missing`, `star-list` for a file without the columns it must have or with a line that
  ///   has no magnitude.
  init(path: String, requiring columns: [String]) throws(EngineError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EngineError("input-missing", "cannot read the list of stars", subject: path)
    }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    guard let first = lines.first else {
      throw EngineError("star-list", "the list of stars is empty", subject: path)
    }
    let names = Self.fields(first).map { $0.lowercased() }
    for column in columns + ["mag"] where !names.contains(column) {
      throw EngineError(
        "star-list", "the list of stars has no column \(column)", subject: path,
        hint: "its first line names the columns: name,filter,ra,dec,mag,err,colour")
    }
    var stars: [Star] = []
    for line in lines.dropFirst() {
      let values = Dictionary(zip(names, Self.fields(line)), uniquingKeysWith: { first, _ in first })
      guard let star = Self.star(values) else {
        throw EngineError("star-list", "no magnitude in '\(line)'", subject: path)
      }
      stars.append(star)
    }
    self.stars = stars
  }

  private static func fields(_ line: String) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
    }
  }

  private static func star(_ values: [String: String]) -> Star? {
    func number(_ name: String) -> Double? { values[name].flatMap(Double.init) }
    guard let magnitude = number("mag"), magnitude.isFinite else { return nil }
    return Star(
      name: values["name"] ?? "", filter: values["filter"] ?? "", ra: number("ra"), dec: number("dec"),
      magnitude: magnitude, error: number("err") ?? 0, colour: number("colour") ?? number("color") ?? 0)
  }

  /// The star of a name, letter case and blanks left aside, in a filter; one without a filter serves all.
  func star(named name: String, filter: String?) -> Star? {
    let wanted = Self.plain(name)
    return stars.first {
      Self.plain($0.name) == wanted && ($0.filter.isEmpty || $0.filter.lowercased() == filter?.lowercased())
    }
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" }
  }
}
