/// The words of `candidates` that `word` was probably meant to be: at most three, nearest first.
///
/// Case is ignored. A candidate is near when its edit distance (insertions, deletions, replacements and swaps
/// of neighbours: optimal string alignment, Damerau 1964) is at most a third of the longer word's length (at
/// least 1), or when `word` of three letters or more is part of it. The word itself is never returned.
public func nearMatches(of word: String, in candidates: some Sequence<String>) -> [String] {
  let wanted = Array(word.lowercased().prefix(64))
  var scored: [(distance: Int, name: String)] = []
  for candidate in candidates where candidate != word {
    let other = Array(candidate.lowercased().prefix(64))
    let distance = editDistance(wanted, other)
    let limit = max(1, max(wanted.count, other.count) / 3)
    if distance <= limit {
      scored.append((distance, candidate))
    } else if wanted.count >= 3, candidate.lowercased().contains(word.lowercased()) {
      scored.append((limit + 1, candidate))
    }
  }
  var seen: Set<String> = []
  scored.removeAll { !seen.insert($0.name).inserted }
  scored.sort { $0.distance == $1.distance ? $0.name < $1.name : $0.distance < $1.distance }
  return scored.prefix(3).map(\.name)
}

/// "did you mean 'a' or 'b'?" for the near matches, or nil when there is none.
public func nearMatchHint(of word: String, in candidates: some Sequence<String>) -> String? {
  let near = nearMatches(of: word, in: candidates)
  return near.isEmpty ? nil : "did you mean " + near.map { "'\($0)'" }.joined(separator: " or ") + "?"
}

/// Optimal string alignment distance; O(n·m).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1...b.count {
      let cost = a[i - 1] == b[j - 1] ? 0 : 1
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforeLast[j - 2] + 1)
      }
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
