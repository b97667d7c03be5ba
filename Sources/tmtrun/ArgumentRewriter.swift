/// Turns the documents' way of setting parameters into ours before parsing:
/// `--steps.a.b=v` (or `--steps.a.b v`) becomes `--set a.b=v`.
enum ArgumentRewriter {
  static func rewrite(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--steps.") else {
        result.append(argument)
        continue
      }
      var setting = String(argument.dropFirst("--steps.".count))
      if !setting.contains("="), let value = rest.popFirst() { setting += "=" + value }
      result += ["--set", setting]
    }
    return result
  }
}
