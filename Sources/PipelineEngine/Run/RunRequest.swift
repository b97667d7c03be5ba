import DataModels
import JobContract

/// One run, fully decided: made from a job or from a command line, and the same from there on.
public struct RunRequest: Sendable {
  /// Job name, attempt and token as the report repeats them.
  public var job: String
  public var attempt: Int
  public var token: String
  public var configuration: RunConfiguration
  public var members: [Member]
  /// One entry for each reference type of the pipeline; missing types are `none`.
  public var references: [ResolvedReference]
  /// Reference context (`CRDS_CTX`).
  public var context: String?
  /// `ASNNAME`, `ASNTYPE`, `ASNTABLE`, `ASNPOOL`; nil when there is no association.
  public var association: String?
  public var associationRule: String?
  public var associationTable: String?
  public var associationPool: String?
  public var outputDirectory: String
  /// Bare file name of the product.
  public var productFileName: String
  /// A job's bare file names of further products, by kind; nil by hand, where they follow from the product's.
  public var furtherFileNames: [String: String]?
  /// The master in use, which a new master is compared with; no input of the run.
  public var previousMaster: ResolvedReference?
  /// Whether quick-look pictures are drawn beside the products.
  public var wantsPreviews: Bool
  /// Reasons for `degraded` known beforehand.
  public var degraded: [String]
  /// Sentences known beforehand, e.g. which rules are used.
  public var notes: [String]
  /// Sentences known beforehand that a person should not miss: logged as warnings.
  public var warnings: [String] = []
  /// The exposure whose readouts are still landing, when the run is to take them as they come.
  public var live: LiveReadouts?
  /// What the run was called with, for the log.
  public var arguments: [String]

  public init(
    job: String = "by-hand", attempt: Int = 1, token: String = "", configuration: RunConfiguration,
    members: [Member], references: [ResolvedReference] = [], context: String? = nil,
    association: String? = nil, associationRule: String? = nil, associationTable: String? = nil,
    associationPool: String? = nil, outputDirectory: String, productFileName: String,
    previousMaster: ResolvedReference? = nil, wantsPreviews: Bool = true, degraded: [String] = [],
    notes: [String] = [], arguments: [String] = []
  ) {
    self.job = job
    self.attempt = attempt
    self.token = token
    self.configuration = configuration
    self.members = members
    self.references = references
    self.context = context
    self.association = association
    self.associationRule = associationRule
    self.associationTable = associationTable
    self.associationPool = associationPool
    self.outputDirectory = outputDirectory
    self.productFileName = productFileName
    self.previousMaster = previousMaster
    self.wantsPreviews = wantsPreviews
    self.degraded = degraded
    self.notes = notes
    self.arguments = arguments
  }
}
