/// All rules together: which of them a frame concerns.
public struct Associator: Sendable {
  public let rules: [AssociationRule]

  public init(rules: [AssociationRule]) {
    self.rules = rules.sorted { ($0.priority, $0.name) < ($1.priority, $1.name) }
  }

  /// Reads every rule file given as (path, text).
  ///
  /// - Throws: ``AssociationsError``; two rules of one name are `rule-twice`.
  public init(files: [(path: String, text: String)]) throws(AssociationsError) {
    var rules: [AssociationRule] = []
    for file in files {
      let rule = try AssociationRule(yaml: file.text, path: file.path)
      if rules.contains(where: { $0.name == rule.name }) {
        throw AssociationsError(
          code: "rule-twice", message: "two association rules are called '\(rule.name)'", subject: file.path,
          hint: "rename or remove one of them")
      }
      rules.append(rule)
    }
    self.init(rules: rules)
  }

  /// The rule of that name, nil when there is none.
  public func rule(named name: String) -> AssociationRule? {
    rules.first { $0.name == name }
  }

  /// Rules whose associations this frame opens or joins.
  public func rulesOpened(by exposure: Exposure) -> [AssociationRule] {
    rules.filter { $0.selector.matches(exposure) }
  }

  /// Anchored rules that may want this frame as a background.
  public func rulesServed(by exposure: Exposure) -> [AssociationRule] {
    rules.filter { rule in
      guard case .anchors(_, let backgrounds?) = rule.shape else { return false }
      return backgrounds.selector.matches(exposure)
    }
  }

  /// Calibration rules that make references of a type, with their field match.
  public func makers(of type: String) -> [(rule: AssociationRule, match: FieldMatch)] {
    rules.compactMap { rule in
      guard rule.serves == type, case .gathers(_, let match) = rule.shape else { return nil }
      return (rule, match)
    }
  }
}
