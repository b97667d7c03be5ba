import JobContract

/// What a step says about itself, once.
public struct StepDeclaration: Sendable, Hashable {
  /// Name, and alias in pipelines, e.g. `dark_current`.
  public let name: String
  /// Class name in log lines, as in the documents, e.g. `DarkCurrentStep`.
  public let className: String
  public let summary: String
  /// Other names it answers to: class names of the documents and older step names.
  public let aliases: [String]
  /// Header keyword of its status, e.g. `S_DARK`.
  public let statusKeyword: String
  public let parameters: [Parameter]
  /// Lower-case reference types, e.g. `["dark"]`.
  public let referenceTypes: [String]
  /// What it takes when it is run on its own.
  public let intake: Pipeline.Intake

  public init(
    name: String, className: String, summary: String, aliases: [String] = [], statusKeyword: String,
    parameters: [Parameter] = [], referenceTypes: [String] = [], intake: Pipeline.Intake = .exposure
  ) {
    self.name = name
    self.className = className
    self.summary = summary
    self.aliases = aliases
    self.statusKeyword = statusKeyword
    self.parameters = parameters
    self.referenceTypes = referenceTypes
    self.intake = intake
  }

  /// The parameter of that name or alias, nil when the step has none.
  public func parameter(named name: String) -> Parameter? {
    parameters.first { $0.name == name || $0.aliases.contains(name) }
  }

  /// The declaration as the manifest gives it.
  public var described: StepDescription {
    StepDescription(
      name: name, summary: summary, aliases: aliases, referenceTypes: referenceTypes,
      parameters: parameters.map {
        ParameterDescription(
          name: $0.name, type: $0.typeName, defaultValue: $0.defaultValue.text, unit: $0.unit,
          range: $0.rangeText, help: $0.help)
      })
  }
}
