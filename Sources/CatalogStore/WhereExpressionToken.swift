/// A token of a `--where` expression with its position (characters from 0).
enum WhereExpressionToken: Sendable, Equatable {
  case word(String, Int)
  case number(Double, written: String, Int)
  case string(String, Int)
  case symbol(String, Int)

  var position: Int {
    switch self {
    case .word(_, let position), .number(_, _, let position), .string(_, let position),
      .symbol(_, let position):
      position
    }
  }

  var written: String {
    switch self {
    case .word(let text, _), .symbol(let text, _): text
    case .number(_, let written, _): written
    case .string(let text, _): "'\(text)'"
    }
  }

  /// - Throws: ``CatalogError`` `where-syntax` for an open string, a bad number or a character that means
  ///   nothing.
  static func tokens(of text: String) throws(CatalogError) -> [WhereExpressionToken] {
    let characters = Array(text)
    guard characters.count <= 4096 else { throw fault(text, "--where is longer than 4096 characters") }
    var tokens: [WhereExpressionToken] = []
    var i = 0
    while i < characters.count {
      let character = characters[i]
      if character.isWhitespace {
        i += 1
      } else if character == "'" || character == "\"" {
        tokens.append(try string(characters, &i, text))
      } else if character.isASCII && (character.isLetter || character == "_") {
        let start = i
        while i < characters.count, isWord(characters[i]) { i += 1 }
        tokens.append(.word(String(characters[start..<i]), start))
      } else if character.isASCII && (character.isNumber || "+-.".contains(character)) {
        tokens.append(try number(characters, &i, text))
      } else {
        tokens.append(try symbol(characters, &i, text))
      }
    }
    return tokens
  }

  private static func isWord(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  /// A doubled quote inside a string is one quote.
  private static func string(
    _ characters: [Character], _ i: inout Int, _ text: String
  ) throws(CatalogError) -> WhereExpressionToken {
    let (start, quote) = (i, characters[i])
    var value = ""
    i += 1
    while i < characters.count {
      if characters[i] == quote {
        guard i + 1 < characters.count, characters[i + 1] == quote else {
          i += 1
          return .string(value, start)
        }
        i += 1
      }
      value.append(characters[i])
      i += 1
    }
    throw fault(text, "--where has an open string at character \(start + 1)")
  }

  private static func number(
    _ characters: [Character], _ i: inout Int, _ text: String
  ) throws(CatalogError) -> WhereExpressionToken {
    let start = i
    i += 1
    while i < characters.count {
      let isSign = "+-".contains(characters[i]) && "eE".contains(characters[i - 1])
      guard isWord(characters[i]) || characters[i] == "." || isSign else { break }
      i += 1
    }
    let written = String(characters[start..<i])
    guard let value = Double(written), value.isFinite else {
      throw fault(text, "--where has '\(written)' at character \(start + 1), which is no number")
    }
    return .number(value, written: written, start)
  }

  private static func symbol(
    _ characters: [Character], _ i: inout Int, _ text: String
  ) throws(CatalogError) -> WhereExpressionToken {
    let start = i
    for length in [2, 1] where start + length <= characters.count {
      let candidate = String(characters[start..<start + length])
      if ["==", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","].contains(candidate) {
        i += length
        return .symbol(candidate, start)
      }
    }
    throw fault(
      text, "--where has '\(characters[start])' at character \(start + 1), which means nothing here")
  }

  private static func fault(_ text: String, _ message: String) -> CatalogError {
    CatalogError(
      code: "where-syntax", message: message, subject: text,
      hint: "put text in 'quotes'; e.g. --where \"exptime >= 60 and filter = 'K'\"")
  }
}
