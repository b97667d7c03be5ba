extension AssociationFile {
  /// What `degraded_status` says when there is nothing to say: the words of JWST.
  public static let notDegraded = "No known degraded exposures in association."

  /// The file's text: the keys in JWST's order, four spaces of indent, ASCII alone, a newline at the end.
  ///
  /// Keys that are nil get the words that JWST's own tools write for them; `version_id` alone may be null.
  public var json: String {
    let head: [(String, String)] = [
      ("asn_type", Self.quoted(asnType ?? "None")), ("asn_rule", Self.quoted(asnRule ?? "None")),
      ("version_id", versionID.map(Self.quoted) ?? "null"), ("code_version", Self.quoted(codeVersion ?? "")),
      ("degraded_status", Self.quoted(degradedStatus ?? Self.notDegraded)),
      ("program", Self.quoted(program ?? "noprogram")),
      ("constraints", Self.quoted(constraints ?? "No constraints")),
      ("asn_id", Self.quoted(asnID ?? "a3001")), ("target", Self.quoted(target ?? "none")),
      ("asn_pool", Self.quoted(asnPool ?? "none")),
    ]
    let lines = head.map { "    \"\($0.0)\": \($0.1),\n" }.joined()
    return "{\n\(lines)    \"products\": \(Self.list(products.map(Self.text), depth: 1))\n}\n"
  }

  private static func text(_ product: Product) -> String {
    let members = product.members.map { member in
      """
      {
                          "expname": \(quoted(member.expname)),
                          "exptype": \(quoted(member.exptype))
                      }
      """
    }
    return """
      {
                  "name": \(quoted(product.name)),
                  "members": \(list(members, depth: 3))
              }
      """
  }

  /// A list whose items stand one level deeper than `depth`.
  private static func list(_ items: [String], depth: Int) -> String {
    guard !items.isEmpty else { return "[]" }
    let (inner, outer) = (indent(depth + 1), indent(depth))
    return "[\n\(inner)" + items.joined(separator: ",\n\(inner)") + "\n\(outer)]"
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "    ", count: depth) }

  /// A JSON string in ASCII: other characters as UTF-16 escapes.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
      switch unit {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x09: result += "\\t"
      case 0x0D: result += "\\r"
      case 0x20..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }
}
