import JobContract

/// Parameters of a step that the reference rules choose for a frame, as JWST has them: a reference of type
/// `pars-<step>` is a cfg with values of that step's parameters. They lie between the step's defaults and the cfg.
package enum ParameterReference {
  static let prefix = "pars-"

  /// The reference type of a step's parameters, e.g. `pars-flat_field`.
  static func type(ofStep name: String) -> String { prefix + name }

  /// The step whose parameters a reference type holds; nil for any other type.
  package static func step(ofType type: String) -> String? {
    type.hasPrefix(prefix) ? String(type.dropFirst(prefix.count)) : nil
  }
}

extension Pipeline {
  /// Reference types that may hold parameters of its steps, in the order of the steps.
  public var parameterReferenceTypes: [String] {
    steps.map { ParameterReference.type(ofStep: $0.declaration.name) }
  }
}
