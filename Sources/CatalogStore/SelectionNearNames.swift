/// Names that a mistyped one was probably meant to be.
public enum NearNames {
  /// At most three of `names`, nearest first: at an edit distance (insertions, deletions, replacements) of at
  /// most a third of the longer name, or containing `word` when that has three letters or more. Case is
  /// ignored.
  public static func matches(of word: String, in names: [String]) -> [String] {
    let wanted = Array(word.lowercased().prefix(64))
    let ranked = names.compactMap { name -> (Int, String)? in
      let other = Array(name.lowercased().prefix(64))
      let limit = max(1, max(wanted.count, other.count) / 3)
      let distance = editDistance(wanted, other)
      if distance <= limit { return (distance, name) }
      let isPart = wanted.count >= 3 && name.lowercased().contains(word.lowercased())
      return isPart ? (limit + 1, name) : nil
    }
    return ranked.sorted { $0 < $1 }.prefix(3).map(\.1)
  }

  private static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in b.enumerated() {
        let replaced = diagonal + (left == right ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
