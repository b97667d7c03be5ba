import JobContract

/// An ordered list of steps, what they take and what they make.
public struct Pipeline: Sendable {
  /// What a pipeline takes as its members.
  public enum Intake: Sendable, Hashable {
    /// One science frame, with backgrounds; several science frames are several runs.
    case exposure
    /// All frames of a set make one product.
    case set
    /// Frames of one field, of any detector and window, make one product.
    case mosaic
    /// A full frame and the subarrays read inside it make one product.
    case subarrays
    /// One ramp, or the readouts of one exposure.
    case ramp
  }

  public let name: String
  public let summary: String
  /// Names of the documents that mean this pipeline, in full or by their last component.
  public let aliases: [String]
  public let intake: Intake
  public let steps: [any Step.Type]
  /// Steps of the documents that this version cannot do: known by name, always skipped, by their class names.
  public let unavailable: [UnavailableStep]
  /// Kind suffix of the product, e.g. `cal`.
  public let productKind: String
  /// Kinds of the tables it makes beside, e.g. `cat`.
  public let tableKinds: [String]
  /// Data level of the product; 0 for a reference.
  public let level: Int
  /// `DATAMODL` of the product.
  public let dataModel: String
  /// `REFTYPE` of the product when it is a reference.
  public let referenceType: String?
  /// Lines the documents log around the steps, e.g. `calwebb_image2`.
  public let title: String
  /// Defaults of this pipeline where they differ from the steps' own: `step.parameter` -> text.
  public let defaults: [String: String]

  public init(
    name: String, summary: String, aliases: [String], intake: Intake, steps: [any Step.Type],
    unavailable: [UnavailableStep] = [], productKind: String, tableKinds: [String] = [], level: Int,
    dataModel: String, referenceType: String? = nil, title: String, defaults: [String: String] = [:]
  ) {
    self.name = name
    self.summary = summary
    self.aliases = aliases
    self.intake = intake
    self.steps = steps
    self.unavailable = unavailable
    self.productKind = productKind
    self.tableKinds = tableKinds
    self.level = level
    self.dataModel = dataModel
    self.referenceType = referenceType
    self.title = title
    self.defaults = defaults
  }

  /// The pipeline that runs one step on its own; products carry the step's name as their kind.
  public init(running step: any Step.Type) {
    let declaration = step.declaration
    self.init(
      name: declaration.name, summary: declaration.summary, aliases: declaration.aliases,
      intake: declaration.intake, steps: [step], productKind: declaration.name, level: 2,
      dataModel: "IRISImageModel", title: declaration.name)
  }

  /// Reference types its steps may ask for, in the order of the steps, each once.
  public var referenceTypes: [String] {
    var seen: [String] = []
    for type in steps.flatMap({ $0.declaration.referenceTypes }) where !seen.contains(type) {
      seen.append(type)
    }
    return seen
  }

  /// The step of that name, nil when the pipeline has none.
  public func step(named name: String) -> StepDeclaration? {
    steps.map { $0.declaration }.first { $0.name == name || $0.aliases.contains(name) }
  }

  /// The pipeline as the manifest gives it.
  public var described: PipelineDescription {
    PipelineDescription(
      name: name, summary: summary, aliases: aliases, steps: steps.map { $0.declaration.name },
      products: [productKind] + tableKinds, level: level, referenceTypes: referenceTypes,
      parameterReferenceTypes: parameterReferenceTypes)
  }
}

/// A step that the documents' pipelines name and this version does not hold.
public struct UnavailableStep: Sendable, Hashable {
  public let name: String
  public let className: String
  /// Header keyword of its status, always `SKIPPED`.
  public let statusKeyword: String
  /// Steps of the pipeline it stands before; nil for the end.
  public let before: String?

  public init(name: String, className: String, statusKeyword: String, before: String? = nil) {
    self.name = name
    self.className = className
    self.statusKeyword = statusKeyword
    self.before = before
  }
}
