/// A pattern in which `*` stands for any text and `?` for one character; letters match in either case.
struct Wildcard: Sendable {
  private let pattern: [Character]

  init(_ pattern: String) {
    self.pattern = Array(pattern.uppercased())
  }

  /// Whether the whole text fits. Linear in text times stars; no recursion.
  func matches(_ text: String) -> Bool {
    let text = Array(text.uppercased())
    var (p, t) = (0, 0)
    var retry: (p: Int, t: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        retry = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let last = retry {
        retry = (last.p, last.t + 1)
        p = last.p + 1
        t = last.t + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
