import CatalogStore
import Metadata

/// Keywords that were probably mistyped.
struct KeywordCheck {
  let reader: CatalogReader

  /// - Throws: ``CommandFailure`` `bad-keyword` for a name that neither the schema nor any file knows.
  func check(_ names: [String]) throws {
    for name in names.map({ $0.uppercased() }) where !Self.isKnown(name) {
      var anywhere = Selection()
      anywhere.keywords = [Selection.Keyword(name: name, value: "*")]
      anywhere.includesSuperseded = true
      let found = try reader.query(anywhere, columns: ["name"], limit: 1, scan: HeaderSearch.satisfies)
      if !found.rows.isEmpty { continue }
      throw CommandFailure(
        code: "bad-keyword", message: "no file has this keyword, and the schema does not know it",
        subject: name, hint: Self.hint(name) ?? "irisarchive header FILE lists the keywords of a file")
    }
  }

  static func isKnown(_ name: String) -> Bool { KeywordSchema.standard.definition(keyword: name) != nil }

  /// "did you mean …", nil when nothing is near.
  static func hint(_ name: String) -> String? {
    let near = KeywordSchema.standard.near(name)
    return near.isEmpty ? nil : "did you mean \(near.joined(separator: " or "))?"
  }
}
