/// What a run will do with one step: its parameters, whether it is skipped, what it saves, its hooks.
public struct StepConfiguration: Sendable, Equatable {
  public let declaration: StepDeclaration
  public internal(set) var parameters: ParameterSet
  /// Whether the step is skipped, and who said so.
  public internal(set) var skipping = Layered<Bool?>(nil)
  /// Whether the frame is written to a file after the step (`save_results`).
  public internal(set) var saving = Layered(false)
  public internal(set) var hooks = RunHooks()

  init(_ declaration: StepDeclaration) {
    self.declaration = declaration
    self.parameters = ParameterSet(defaultsOf: declaration)
  }

  public var skip: Bool { skipping.value ?? false }
  /// Which layer said so; nil while nobody did.
  public var skipOrigin: ParameterSet.Origin? { skipping.value == nil ? nil : skipping.origin }

  /// Keys of a cfg that every step takes.
  static let commonKeys = ["name", "class", "skip", "config_file", "save_results"] + RunHooks.keys

  /// Every key that is right in this step's section.
  var knownKeys: [String] {
    declaration.parameters.map(\.name) + Self.commonKeys + declaration.referenceTypes.map { "override_\($0)" }
  }
}
