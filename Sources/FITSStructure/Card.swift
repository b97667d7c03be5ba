/// One header keyword with its value and comment, as FITS 4.0 section 4 defines it.
///
/// A long string that runs over `CONTINUE` records is one card. Records that break the grammar are kept, with
/// what could be understood of them: nothing of a header is ever dropped.
public struct Card: Sendable, Hashable, Codable {
  /// What stands to the right of the equals sign.
  public enum Value: Sendable, Hashable, Codable {
    /// `T` or `F`.
    case logical(Bool)
    /// A whole number that fits 64 bits.
    case integer(Int64)
    /// A number with a decimal point or an exponent (`E` or `D`), or a whole number beyond 64 bits.
    case real(Double)
    /// A quoted string; quotes undoubled, trailing spaces removed.
    case string(String)
    /// `(real, imaginary)`.
    case complex(Double, Double)
    /// A value indicator with nothing after it.
    case undefined
    /// Something that is no FITS value, kept as it stands (up to the comment).
    case text(String)
  }

  /// Upper case. `HIERARCH` cards: the tokens joined by one space, as `ESO DET X`. Commentary cards:
  /// `COMMENT`, `HISTORY` or the empty string.
  public var keyword: String
  /// `nil` when the record has no value indicator; then its text is in `comment`.
  public var value: Value?
  /// The text after the slash; for commentary cards the text itself. Trailing spaces removed.
  public var comment: String
  /// True when the keyword is spelled after `HIERARCH`.
  public var isHierarch: Bool

  /// Makes a card; a keyword that does not fit `[A-Z0-9_-]{0,8}` becomes a `HIERARCH` one.
  ///
  /// - Parameters:
  ///   - keyword: letters are turned to upper case.
  ///   - value: `nil` makes a card without value indicator.
  ///   - comment: the text after the slash.
  public init(_ keyword: String, _ value: Value?, comment: String = "") {
    self.keyword = keyword.uppercased()
    self.value = value
    self.comment = comment
    self.isHierarch = !Card.isStandardKeyword(self.keyword)
  }

  /// Makes a card with a string value.
  public init(_ keyword: String, _ string: String, comment: String = "") {
    self.init(keyword, .string(string), comment: comment)
  }

  /// Makes a card with a whole number.
  public init(_ keyword: String, _ integer: Int, comment: String = "") {
    self.init(keyword, .integer(Int64(integer)), comment: comment)
  }

  /// Makes a card with a real number; NaN and infinities have no FITS form and fail in `formatted()`.
  public init(_ keyword: String, _ real: Double, comment: String = "") {
    self.init(keyword, .real(real), comment: comment)
  }

  /// Makes a card with a logical value.
  public init(_ keyword: String, _ logical: Bool, comment: String = "") {
    self.init(keyword, .logical(logical), comment: comment)
  }

  /// Makes a commentary card: `COMMENT`, `HISTORY` or, with the empty keyword, a blank one.
  public static func commentary(_ keyword: String, _ text: String) -> Card {
    Card(keyword, nil, comment: text)
  }

  /// Makes a card from its parsed parts, as they are.
  init(keyword: String, value: Value?, comment: String, isHierarch: Bool) {
    self.keyword = keyword
    self.value = value
    self.comment = comment
    self.isHierarch = isHierarch
  }

  /// True for `COMMENT`, `HISTORY` and the blank keyword, which may be repeated and have no value.
  public var isCommentary: Bool { keyword.isEmpty || keyword == "COMMENT" || keyword == "HISTORY" }

  /// True for a keyword of at most eight characters out of `A-Z 0-9 - _`.
  static func isStandardKeyword(_ keyword: String) -> Bool {
    keyword.utf8.count <= 8
      && keyword.utf8.allSatisfy {
        (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
      }
  }
}

extension Card {
  /// The value when it is a string; unparsable text counts as one.
  public var string: String? {
    switch value {
    case .string(let s), .text(let s): s
    default: nil
    }
  }

  /// The value when it is a whole number.
  public var integer: Int64? {
    if case .integer(let i) = value { i } else { nil }
  }

  /// The value when it is a number, whole numbers included.
  public var double: Double? {
    switch value {
    case .real(let d): d
    case .integer(let i): Double(i)
    default: nil
    }
  }

  /// The value when it is a logical.
  public var logical: Bool? {
    if case .logical(let b) = value { b } else { nil }
  }
}
