/// A word as a person may paste it after a shell's prompt.
public enum ShellWord {
  /// The word itself when it is plain, else in single quotes (or `$'…'` when it has control characters).
  public static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || "0123456789_-.,:/@%+=".unicodeScalars.contains(scalar))
    }
    if plain && !word.isEmpty { return word }
    guard word.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
      return "'" + word.replacing("'", with: "'\\''") + "'"
    }
    var text = "$'"
    for scalar in word.unicodeScalars {
      switch scalar {
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case "'", "\\": text += "\\\(scalar)"
      case _ where scalar.value < 32 || scalar.value == 127:
        let digits = String(scalar.value, radix: 8)
        text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "'"
  }
}
