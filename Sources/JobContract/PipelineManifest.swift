/// What `tmtrun manifest` prints: every pipeline and step the program knows. The daemon reads it at start and when
/// the program changes, so it knows job keys, wanted references and products without linking a step.
public struct PipelineManifest: Codable, Sendable, Equatable {
  /// Version of this form; another one is not read.
  public static let currentVersion = 1

  public var version: Int
  /// Version of the software (`DRSVER`).
  public var software: String
  /// What the program is linked with: `cfitsio` -> version, `cfitsio_reentrant` -> `true` or `false`.
  public var libraries: [String: String]
  public var pipelines: [PipelineDescription]
  public var steps: [StepDescription]

  public init(
    software: String, libraries: [String: String] = [:], pipelines: [PipelineDescription],
    steps: [StepDescription]
  ) {
    self.version = Self.currentVersion
    self.software = software
    self.libraries = libraries
    self.pipelines = pipelines
    self.steps = steps
  }

  /// The pipeline of that name, or nil.
  public func pipeline(named name: String) -> PipelineDescription? {
    pipelines.first { $0.name == name }
  }
}

/// One pipeline: its steps in order, what it needs and what it makes.
public struct PipelineDescription: Codable, Sendable, Equatable {
  public var name: String
  public var summary: String
  /// Class names of the documents that mean this pipeline.
  public var aliases: [String]
  /// Step aliases in order; each names a `StepDescription`.
  public var steps: [String]
  /// Product kinds it writes, e.g. `["cal"]`.
  public var products: [String]
  /// Data level of the products: 1, 2, 3; 0 for references.
  public var level: Int
  /// Union of the steps' reference types.
  public var referenceTypes: [String]
  /// Types of references that hold parameters of its steps (`pars-flat_field` …), given to a job where the rules
  /// choose one; nil from a program that knows none.
  public var parameterReferenceTypes: [String]?

  public init(
    name: String, summary: String, aliases: [String], steps: [String], products: [String], level: Int,
    referenceTypes: [String], parameterReferenceTypes: [String]? = nil
  ) {
    self.name = name
    self.summary = summary
    self.aliases = aliases
    self.steps = steps
    self.products = products
    self.level = level
    self.referenceTypes = referenceTypes
    self.parameterReferenceTypes = parameterReferenceTypes
  }
}

/// One step and its parameters.
public struct StepDescription: Codable, Sendable, Equatable {
  public var name: String
  public var summary: String
  public var aliases: [String]
  public var referenceTypes: [String]
  public var parameters: [ParameterDescription]

  public init(
    name: String, summary: String, aliases: [String], referenceTypes: [String],
    parameters: [ParameterDescription]
  ) {
    self.name = name
    self.summary = summary
    self.aliases = aliases
    self.referenceTypes = referenceTypes
    self.parameters = parameters
  }
}

/// One parameter: type, range, unit and default as text.
public struct ParameterDescription: Codable, Sendable, Equatable {
  public var name: String
  /// `string`, `integer`, `number`, `boolean`, `list` or `choice`.
  public var type: String
  /// Default as text of a cfg.
  public var defaultValue: String
  /// Unit as FITS writes it; empty for none.
  public var unit: String
  /// Allowed range or choices as text; empty for any.
  public var range: String
  public var help: String

  public init(name: String, type: String, defaultValue: String, unit: String, range: String, help: String) {
    self.name = name
    self.type = type
    self.defaultValue = defaultValue
    self.unit = unit
    self.range = range
    self.help = help
  }
}
