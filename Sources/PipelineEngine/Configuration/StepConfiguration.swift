/// What a run will do with one step: its parameters, whether it is skipped, and the references named for it.
public struct StepConfiguration: Sendable, Equatable {
  public let declaration: StepDeclaration
  public internal(set) var parameters: ParameterSet
  public internal(set) var skip = false
  /// Which layer said so; nil while nobody did.
  public internal(set) var skipOrigin: ParameterSet.Origin?

  init(_ declaration: StepDeclaration) {
    self.declaration = declaration
    self.parameters = ParameterSet(defaultsOf: declaration)
  }

  /// Keys of a cfg that every step takes.
  static let commonKeys = ["name", "class", "skip", "config_file", "save_results", "pre_hooks", "post_hooks"]

  /// Every key that is right in this step's section.
  var knownKeys: [String] {
    declaration.parameters.map(\.name) + Self.commonKeys + declaration.referenceTypes.map { "override_\($0)" }
  }
}
