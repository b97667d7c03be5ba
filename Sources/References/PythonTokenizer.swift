/// Tokens of the Python text that mappings are written in.
struct PythonTokenizer {
  enum Token: Equatable {
    case name(String)
    case string(String)
    case integer(Int64)
    case real(Double)
    /// One of `( ) [ ] { } : , = == != < <= > >= - +`
    case punctuation(String)
    case end
  }

  private let bytes: [UInt8]
  private var position = 0
  private(set) var line = 1
  /// Bare file name, for messages.
  let subject: String

  init(_ text: String, subject: String) {
    self.bytes = Array(text.utf8)
    self.subject = subject
  }

  func fail(_ message: String) -> ReferencesError {
    ReferencesError(
      "mapping-syntax", message, "\(subject):\(line)", hint: "mappings are Python literals only")
  }

  mutating func next() throws(ReferencesError) -> Token {
    skipBlanks()
    guard position < bytes.count else { return .end }
    let byte = bytes[position]
    if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return .string(try string(quote: byte)) }
    if Self.isDigit(byte) || byte == UInt8(ascii: ".") { return try number() }
    if Self.isNameByte(byte) { return name() }
    return try punctuation()
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\n"):
        line += 1
        position += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0C: position += 1
      case UInt8(ascii: "\\") where position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "\n"):
        line += 1
        position += 2
      case UInt8(ascii: "#"):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      default: return
      }
    }
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// Letters, digits, underscore; dots too, so that `META.A.B` of an expression is one name.
  static func isNameByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A || isDigit(byte) || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: ".")
  }

  private mutating func name() -> Token {
    let start = position
    while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
    return .name(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func number() throws(ReferencesError) -> Token {
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      let afterExponent = position > start && bytes[position - 1] | 0x20 == UInt8(ascii: "e")
      guard Self.isNameByte(byte) || isSign && afterExponent else { break }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int64(text) { return .integer(integer) }
    let padded = text.hasSuffix(".") ? text + "0" : text.hasPrefix(".") ? "0" + text : text
    if let real = Double(padded), real.isFinite { return .real(real) }
    throw fail("'\(text)' is not a number")
  }

  private mutating func punctuation() throws(ReferencesError) -> Token {
    let first = bytes[position]
    if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "="),
      [UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">")].contains(first)
    {
      position += 2
      return .punctuation(String(decoding: [first, UInt8(ascii: "=")], as: UTF8.self))
    }
    let text = String(decoding: [first], as: UTF8.self)
    guard "()[]{}:,=<>-+".utf8.contains(first) else { throw fail("unexpected character '\(text)'") }
    position += 1
    return .punctuation(text)
  }

  // MARK: strings

  private mutating func string(quote: UInt8) throws(ReferencesError) -> String {
    let isTriple = position + 2 < bytes.count && bytes[position + 1] == quote && bytes[position + 2] == quote
    let opened = line
    position += isTriple ? 3 : 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      if byte == quote, !isTriple || closesTriple(quote) {
        position += isTriple ? 3 : 1
        return String(decoding: content, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\n") {
        guard isTriple else { break }
        line += 1
      }
      if byte == UInt8(ascii: "\\") {
        try escape(into: &content)
      } else {
        content.append(byte)
        position += 1
      }
    }
    throw fail("the string opened in line \(opened) is not closed")
  }

  private func closesTriple(_ quote: UInt8) -> Bool {
    position + 2 < bytes.count && bytes[position + 1] == quote && bytes[position + 2] == quote
  }

  private mutating func escape(into content: inout [UInt8]) throws(ReferencesError) {
    guard position + 1 < bytes.count else { throw fail("a string ends in a backslash") }
    let letter = bytes[position + 1]
    position += 2
    switch letter {
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): content.append(letter)
    case UInt8(ascii: "\n"): line += 1
    case UInt8(ascii: "x"), UInt8(ascii: "u"):
      let count = letter == UInt8(ascii: "x") ? 2 : 4
      let digits = String(decoding: bytes[position..<min(position + count, bytes.count)], as: UTF8.self)
      guard digits.utf8.count == count, let code = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw fail("'\\\(digits)' is not a character") }
      content += Array(String(scalar).utf8)
      position += count
    default: content += [UInt8(ascii: "\\"), letter]
    }
  }
}
