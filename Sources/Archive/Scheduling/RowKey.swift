import Foundation

/// The match values of a reference's row, as the catalog keeps them: a JSON array of texts.
struct RowKey: Sendable, Equatable {
  var values: [String]

  init(values: [String]) {
    self.values = values
  }

  init?(text: String) {
    guard let values = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else { return nil }
    self.values = values
  }

  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    // Encoding an array of strings cannot fail.
    return (try? encoder.encode(values)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
  }
}
