import JobContract

/// What a run would do, decided as the run itself decides it, without a pixel read: steps in order, their
/// parameters with the origin of each, their references with the reason for each.
public struct RunPlan: Encodable, Sendable, Equatable {
  /// A parameter's final value and where it came from.
  public struct Parameter: Encodable, Sendable, Equatable {
    public var value: String
    /// `default`, `reference`, `cfg`, `command line` or `job`.
    public var origin: String
    /// `file:line`, when a file set it.
    public var place: String?
    public var unit: String
  }

  /// A reference of one type: the chosen file, or why there is none.
  public struct Reference: Encodable, Sendable, Equatable {
    public var type: String
    /// `override`, `context`, `single`, `notApplicable` or `none`.
    public var origin: String
    public var path: String?
    public var context: String?
    public var rule: String?
    public var useafter: String?
    /// Why there is none, or who named the override.
    public var reason: String?
  }

  /// One step as it will run.
  public struct Step: Encodable, Sendable, Equatable {
    public var index: Int
    public var name: String
    public var skip: Bool
    /// Why it is skipped.
    public var reason: String?
    /// File that is written after the step.
    public var saves: Bool
    public var preHooks: [String]
    public var postHooks: [String]
    public var parameters: [String: Parameter]
    public var references: [Reference]

    enum CodingKeys: String, CodingKey {
      case index, name, skip, reason, parameters, references
      case saves = "save_results"
      case preHooks = "pre_hooks"
      case postHooks = "post_hooks"
    }
  }

  /// One input file and its role.
  public struct Member: Encodable, Sendable, Equatable {
    public var name: String
    public var path: String
    public var exptype: String
  }

  public var pipeline: String
  /// Name of the run in log lines.
  public var name: String
  /// File name of the product, its kind and its data level.
  public var product: String
  public var kind: String
  public var level: Int
  public var association: String?
  /// The pinned context of the reference rules; nil when no rules were found.
  public var context: String?
  public var members: [Member]
  public var preHooks: [String]
  public var postHooks: [String]
  public var steps: [Step]
  public var notes: [String]

  enum CodingKeys: String, CodingKey {
    case pipeline, name, product, kind, level, association, context, members, steps, notes
    case preHooks = "pre_hooks"
    case postHooks = "post_hooks"
  }

  /// The plan of a request.
  public init(_ request: RunRequest) {
    let configuration = request.configuration
    let pipeline = configuration.pipeline
    self.pipeline = pipeline.name
    name = configuration.logName
    product = request.productFileName
    kind = pipeline.productKind
    level = pipeline.level
    association = request.association
    context = request.context
    members = request.members.map { Member(name: $0.name, path: $0.path, exptype: $0.exptype.rawValue) }
    preHooks = configuration.hooks.pre.value
    postHooks = configuration.hooks.post.value
    notes = request.notes
    steps = pipeline.order.enumerated().map { index, item in Step(item, index, request) }
  }
}

extension RunPlan.Step {
  fileprivate init(_ item: Pipeline.Item, _ index: Int, _ request: RunRequest) {
    self.init(
      index: index, name: item.name, skip: true, reason: "not part of this version", saves: false,
      preHooks: [], postHooks: [], parameters: [:], references: [])
    guard let step = request.configuration.steps[item.name] else { return }
    skip = step.skip
    reason = step.skip ? "asked for: \(Self.words(step.skipping.origin, step.skipping.place))" : nil
    saves = request.configuration.saves(step)
    preHooks = step.hooks.pre.value
    postHooks = step.hooks.post.value
    for parameter in step.declaration.parameters {
      parameters[parameter.name] = RunPlan.Parameter(
        value: step.parameters[parameter.name].text,
        origin: (step.parameters.origin(of: parameter.name) ?? .default).rawValue,
        place: step.parameters.place(of: parameter.name), unit: parameter.unit)
    }
    references = step.declaration.referenceTypes.map { RunPlan.Reference($0, request) }
    let parameterType = ParameterReference.type(ofStep: step.declaration.name)
    if request.references.contains(where: { $0.type == parameterType }) {
      references.append(RunPlan.Reference(parameterType, request))
    }
  }

  private static func words(_ origin: ParameterSet.Origin, _ place: String?) -> String {
    place.map { "\(origin.rawValue), \($0)" } ?? origin.rawValue
  }
}

extension RunPlan.Reference {
  fileprivate init(_ type: String, _ request: RunRequest) {
    let found =
      request.references.first { $0.type == type }
      ?? ResolvedReference(type: type, origin: .none, reason: "not looked up")
    self.init(
      type: type, origin: found.origin.rawValue, path: found.path, context: found.context, rule: found.rule,
      useafter: found.useAfter, reason: found.reason)
    if found.origin == .override, let named = request.configuration.overrideLayers[type] {
      reason = "named by \(named.place.map { "\(named.origin.rawValue), \($0)" } ?? named.origin.rawValue)"
    }
  }
}
