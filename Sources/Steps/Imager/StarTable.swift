import DataModels
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
    /// Not a number where the list does not tell.
    let colour: Double
  }

  let stars: [Star]
  /// Whether there is a column of colours.
  let hasColours: Bool

  /// - Throws: `EngineError` `input-missing`, `star-list` for a file without the columns it must have or with a line that
  ///   has no magnitude.
  init(path: String, requiring columns: [String]) throws(EngineError) {
    let rows = try Self.rows(path)
    for column in columns + ["mag"] where rows.column(column) == nil {
      throw EngineError(
        "star-list", "the list of stars has no column \(column)", subject: path,
        hint: "its first line names the columns: name,filter,ra,dec,mag,err,colour")
    }
    let colours = rows.column("colour") ?? rows.column("color")
    hasColours = colours != nil
    /// What a row has in a column; nil for a blank or a word.
    func number(_ texts: [String]?, _ i: Int) -> Double? {
      texts.flatMap { Double($0[i]) }.flatMap { $0.isFinite ? $0 : nil }
    }
    let (names, filters) = (rows.column("name"), rows.column("filter"))
    let (ra, dec, errors) = (rows.column("ra"), rows.column("dec"), rows.column("err"))
    let magnitudes = rows.column("mag")
    var stars: [Star] = []
    for i in rows.rows.indices {
      guard let magnitude = number(magnitudes, i) else {
        throw EngineError(
          "star-list", "no magnitude in '\(rows.rows[i].joined(separator: ","))'", subject: path)
      }
      stars.append(
        Star(
          name: names?[i] ?? "", filter: filters?[i] ?? "", ra: number(ra, i), dec: number(dec, i),
          magnitude: magnitude, error: number(errors, i) ?? 0, colour: number(colours, i) ?? .nan))
    }
    self.stars = stars
  }

  private static func rows(_ path: String) throws(EngineError) -> DelimitedRows {
    do throws(ModelError) {
      return try DelimitedRows(path: path)
    } catch {
      let isMissing = error.code == "unreadable-file"
      throw EngineError(
        isMissing ? "input-missing" : "star-list",
        isMissing ? "cannot read the list of stars" : error.message, subject: error.subject, hint: error.hint,
        underlying: error)
    }
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
