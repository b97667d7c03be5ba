/// What a classification found wrong, gathered before anything is decided.
struct Findings {
  /// Sentences about values that cannot be true.
  private(set) var impossible: [String] = []
  /// Sentences about what a person must decide.
  private(set) var undecided: [String] = []
  private(set) var warnings: [String] = []
  private var keywords: [String] = []
  private let file: String?

  init(file: String?) {
    self.file = file
  }

  /// Sorts a header's problems by how much their keywords matter.
  mutating func sort(_ problems: [ValidationProblem], quarantineOn: [String], holdOn: [String]) {
    for problem in problems {
      if quarantineOn.contains(problem.keyword) {
        impossible.append(problem.message)
        note([problem.keyword])
      } else if holdOn.contains(problem.keyword) {
        hold(problem.message, [problem.keyword])
      } else {
        warnings.append(problem.message)
      }
    }
  }

  /// Holds the file: what is wrong, and the keywords to look at.
  mutating func hold(_ sentence: String, _ keywords: [String]) {
    undecided.append(sentence)
    note(keywords)
  }

  /// Everything that stands against the file, in one text that ends with the next command when the file has a
  /// name; nil when nothing does.
  var reason: String? {
    let sentences = impossible + undecided
    guard !sentences.isEmpty else { return nil }
    guard let quotedFile else { return sentences.joined(separator: "; ") }
    let command = "irisarchive header \(quotedFile) --keys \(keywords.joined(separator: ","))"
    return sentences.joined(separator: "; ") + ". Next: \(command)"
  }

  private mutating func note(_ names: [String]) {
    for name in names where !keywords.contains(name) { keywords.append(name) }
  }

  /// The file's name as a shell takes it.
  private var quotedFile: String? {
    guard let file, !file.isEmpty else { return nil }
    let plain = file.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "/")]
          .contains(byte)
    }
    if plain { return file }
    let printable = file.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : String($0) }
      .joined()
    return "'" + printable.replacing("'", with: "'\\''") + "'"
  }
}
