/// A keyword of a world coordinate system, taken apart: root, indices, letter of the alternate description.
struct WCSKeyword: Hashable {
  /// `CTYPE`, `CD`, `A_`, `WCSAXES` …; the three-digit forms `PC001002` have the root `PC`.
  let root: String
  let indices: [Int]
  /// `A`…`Z`, or empty for the primary description.
  let alternate: String

  private static let axis: Set<String> = [
    "CTYPE", "CUNIT", "CRVAL", "CDELT", "CRPIX", "CROTA", "CNAME", "CRDER", "CSYER", "CZPHS", "CPERI",
    "CPDIS",
    "CQDIS", "CPERR", "CQERR", "DP", "DQ", "DPERR", "DQERR",
  ]
  private static let matrix: Set<String> = ["PC", "CD", "PV", "PS"]
  private static let plain: Set<String> = [
    "WCSAXES", "WCSNAME", "LONPOLE", "LATPOLE", "RADESYS", "RADECSYS", "EQUINOX", "EPOCH",
  ]
  private static let polynomials: Set<String> = ["A", "B", "AP", "BP"]

  /// Nil for a keyword that is none of a world coordinate system's.
  init?(_ keyword: String) {
    var name = Substring(keyword)
    var letter = ""
    if let last = name.last, last.isLetter, name.count > 1, !Self.plain.contains(keyword),
      name.dropLast().last?.isNumber == true || Self.plain.contains(String(name.dropLast()))
    {
      letter = String(last)
      name.removeLast()
    }
    if Self.plain.contains(String(name)) {
      (root, indices, alternate) = (String(name), [], letter)
    } else if let (head, numbers) = Self.indexed(name) {
      (root, indices, alternate) = (head, numbers, letter)
    } else if let (head, numbers) = Self.polynomial(keyword) {
      (root, indices, alternate) = (head, numbers, "")
    } else {
      return nil
    }
  }

  /// `CTYPE1`, `CD1_2`, `PC001002`.
  private static func indexed(_ name: Substring) -> (String, [Int])? {
    let head = String(name.prefix { !$0.isNumber })
    let tail = name.dropFirst(head.count)
    guard !tail.isEmpty, tail.allSatisfy({ $0.isNumber || $0 == "_" }) else { return nil }
    let parts = tail.split(separator: "_", omittingEmptySubsequences: false).map { Int($0) }
    if axis.contains(head), parts.count == 1, let index = parts[0] { return (head, [index]) }
    guard matrix.contains(head) else { return nil }
    if parts.count == 2, let i = parts[0], let j = parts[1] { return (head, [i, j]) }
    if tail.count == 6, let i = Int(tail.prefix(3)), let j = Int(tail.suffix(3)) { return (head, [i, j]) }
    return nil
  }

  /// SIP: `A_ORDER`, `A_DMAX`, `AP_2_0`.
  private static func polynomial(_ keyword: String) -> (String, [Int])? {
    let parts = keyword.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    guard let head = parts.first, polynomials.contains(head) else { return nil }
    if parts.count == 2, ["ORDER", "DMAX"].contains(parts[1]) { return (head + "_" + parts[1], []) }
    guard parts.count == 3, let i = Int(parts[1]), let j = Int(parts[2]) else { return nil }
    return (head + "_", [i, j])
  }

  /// Whether its value is text.
  var isText: Bool {
    ["CTYPE", "CUNIT", "CNAME", "WCSNAME", "RADESYS", "RADECSYS", "PS", "CPDIS", "CQDIS"].contains(root)
  }

  /// Whether it belongs to a distortion polynomial of SIP.
  var isPolynomial: Bool { root.contains("_") }

  /// Whether it is about an axis beyond the second.
  var isBeyondSecondAxis: Bool {
    if isPolynomial { return false }
    if ["PC", "CD"].contains(root) { return indices.contains { $0 > 2 } }
    return (indices.first ?? 0) > 2
  }

  /// The keyword in its published form: `PC1_2` for `PC001002`.
  var published: String {
    if isPolynomial { return root + indices.map(String.init).joined(separator: "_") }
    return root + indices.map(String.init).joined(separator: "_") + alternate
  }
}
