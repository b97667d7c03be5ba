/// Turns the documents' way of setting parameters into ours before parsing:
/// `--steps.a.b=v` (or `--steps.a.b v`) becomes `--set a.b=v`, and `--override_dark=f` becomes `--override dark=f`.
///
/// What comes after `--` is left alone. A value that looks like an option is not taken for one: then `--set a.b`
/// without a value is refused by its own sentence.
enum ArgumentRewriter {
  static func rewrite(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return result + [argument] + rest }
      guard let (option, name) = documented(argument) else {
        result.append(argument)
        continue
      }
      var setting = name
      if !setting.contains("="), let value = rest.first, !value.hasPrefix("--") {
        setting += "=" + value
        rest.removeFirst()
      }
      result += [option, setting]
    }
    return result
  }

  private static func documented(_ argument: String) -> (option: String, rest: String)? {
    for (prefix, option) in [("--steps.", "--set"), ("--override_", "--override")]
    where argument.hasPrefix(prefix) {
      return (option, String(argument.dropFirst(prefix.count)))
    }
    return nil
  }
}
