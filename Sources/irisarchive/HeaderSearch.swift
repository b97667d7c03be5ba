import Associations
import CatalogStore
import FITSStructure

/// Compares header keywords that no index holds, in stored headers.
enum HeaderSearch {
  /// True when every keyword has, in one of the HDUs, a value that equals the wanted one as text or as a
  /// number, or matches it as a glob.
  static func satisfies(_ headers: [StoredHeader], _ keywords: [Selection.Keyword]) -> Bool {
    keywords.allSatisfy { keyword in
      headers.contains { header in
        // Cheap first: most headers do not have the word at all.
        guard header.text.contains(keyword.name) else { return false }
        return HeaderText(text: header.text).cards.contains { card in
          card.keyword == keyword.name && matches(card, keyword.value)
        }
      }
    }
  }

  private static func matches(_ card: Card, _ wanted: String) -> Bool {
    let text = card.value.map(text) ?? card.comment
    if text == wanted || Glob.matches(text, pattern: wanted) { return true }
    guard let number = card.double, let wantedNumber = Double(wanted) else { return false }
    return number == wantedNumber
  }

  /// A header value as text: what the catalog's index of keywords holds.
  static func text(_ value: Card.Value) -> String {
    switch value {
    case .string(let text), .text(let text): text
    case .integer(let number): String(number)
    case .real(let number): number.description
    case .logical(let flag): flag ? "T" : "F"
    case .complex(let re, let im): "(\(re),\(im))"
    case .undefined: ""
    }
  }
}
