/// Shell-like patterns of `*` (any run) and `?` (any one character); everything else is literal.
public enum Glob {
  /// Linear in the text for each `*`: no backtracking beyond the last star.
  public static func matches(_ text: String, pattern: String) -> Bool {
    let t = Array(text.unicodeScalars)
    let p = Array(pattern.unicodeScalars)
    var (i, j) = (0, 0)
    var star: (p: Int, t: Int)?
    while i < t.count {
      if j < p.count, p[j] == "*" {
        star = (j, i)
        j += 1
      } else if j < p.count, p[j] == "?" || p[j] == t[i] {
        i += 1
        j += 1
      } else if let last = star {
        star = (last.p, last.t + 1)
        i = last.t + 1
        j = last.p + 1
      } else {
        return false
      }
    }
    return p[j...].allSatisfy { $0 == "*" }
  }
}
