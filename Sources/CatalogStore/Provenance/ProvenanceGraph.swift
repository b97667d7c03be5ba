/// Where a file came from and what came of it: files, runs, and what ran on what. Pure data, in three output
/// forms.
public struct ProvenanceGraph: Sendable, Equatable, Codable {
  /// A file: raw, product or reference.
  public struct Entity: Sendable, Equatable, Codable {
    /// Unique in the graph: `frame-12`, or `reference-<sha256>` for a reference that the archive did not
    /// make.
    public var id: String
    public var name: String
    public var obsname: String?
    public var kind: String?
    public var level: Int?
    public var state: String?
    public var degraded: String?
    public var sha256: String?
    public var path: String?
  }

  /// A step of a run.
  public struct Step: Sendable, Equatable, Codable {
    public var name: String
    public var status: String
    public var reason: String?
    public var seconds: Double
    /// JSON: parameter -> value and origin.
    public var parameters: String
  }

  /// A run of a pipeline.
  public struct Activity: Sendable, Equatable, Codable {
    /// Unique in the graph: `J000042-1`, job and attempt.
    public var id: String
    public var job: String
    public var attempt: Int
    public var pipeline: String
    public var association: String
    public var rule: String
    /// Software and version, as text.
    public var software: [String: String]
    /// Seconds since 1970 UTC.
    public var started: Double
    public var ended: Double?
    public var seconds: Double?
    public var steps: [Step]
  }

  /// An activity used an entity, as a member of its association or as a reference.
  public struct Use: Sendable, Equatable, Codable {
    public var activity: String
    /// nil for a reference type that nothing served; `reason` says why.
    public var entity: String?
    /// `science`, `background` … of members; the type of references, `dark` ….
    public var role: String
    public var isReference: Bool
    /// How a reference was chosen: `override context single notApplicable none`.
    public var origin: String?
    /// Name under which a reference is known to the rules.
    public var file: String?
    public var context: String?
    public var rule: String?
    public var useafter: String?
    /// Quality level of the match, 0 best.
    public var level: Int?
    /// Distance in time, seconds.
    public var distance: Double?
    public var lastResort: Bool
    public var reason: String?
    public var sha256: String?
  }

  /// An activity made an entity.
  public struct Generation: Sendable, Equatable, Codable {
    public var activity: String
    public var entity: String
    public var kind: String
    public var version: Int
  }

  /// Id of the entity that was asked for.
  public var root: String
  public var entities: [Entity] = []
  public var activities: [Activity] = []
  public var uses: [Use] = []
  public var generations: [Generation] = []

  public init(root: String) {
    self.root = root
  }

  /// A file by its id, nil when it is not in the graph.
  public func entity(_ id: String) -> Entity? { entities.first { $0.id == id } }
  /// A run by its id, nil when it is not in the graph.
  public func activity(_ id: String) -> Activity? { activities.first { $0.id == id } }

  /// The run that made an entity, nil for raw files.
  public func maker(of entity: String) -> Activity? {
    generations.first { $0.entity == entity }.flatMap { activity($0.activity) }
  }

  /// What an activity used, members first.
  public func uses(of activity: String) -> [Use] {
    uses.filter { $0.activity == activity && !$0.isReference }
      + uses.filter { $0.activity == activity && $0.isReference }
  }

  /// Entities made by activities that used this one, each with the use.
  public func results(of entity: String) -> [(use: Use, made: Generation)] {
    uses.filter { $0.entity == entity }.flatMap { use in
      generations.filter { $0.activity == use.activity }.map { (use, $0) }
    }
  }
}
