/// A type for which a frame gets another reference in another context.
public struct ChoiceChange: Sendable, Hashable {
  /// Lower case.
  public let type: String
  /// A file, `not-applicable`, `omitted` or `none`.
  public let old: String
  public let new: String
  /// Why there is none in the new context.
  public let reason: String?
}

extension RulesContext {
  /// What the rules alone, before any window in time, choose differently for one header in another context.
  ///
  /// - Parameter types: which to look at; nil for all whose rules differ.
  public func choices(
    differingFrom other: RulesContext, header: [String: String], types: [String]? = nil
  ) -> [ChoiceChange] {
    (types ?? typesThatDiffer(from: other)).compactMap { type in
      let (old, _) = Self.word(self, type, header)
      let (new, reason) = Self.word(other, type, header)
      return old == new ? nil : ChoiceChange(type: type, old: old, new: new, reason: reason)
    }
  }

  private static func word(
    _ context: RulesContext, _ type: String, _ header: [String: String]
  ) -> (word: String, reason: String?) {
    switch context.bestReference(type: type, header: header) {
    case .found(let file, _, _, _): return (file, nil)
    case .notApplicable: return ("not-applicable", nil)
    case .omitted: return ("omitted", nil)
    case .noMatch(let reason):
      let files = context.rules(type: type)?.bracketedReferences(header: header)
      return (files?.joined(separator: ", ") ?? "none", reason)
    }
  }
}
