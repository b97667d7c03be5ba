/// The outcome of looking up one reference type for a job (made by the archive, or by `tmtrun` itself by hand).
public struct ResolvedReference: Codable, Sendable, Equatable {
  /// How the reference was chosen.
  public enum Origin: String, Codable, Sendable {
    /// Named by a person (`--override`, `override_<type>` in a cfg).
    case override
    /// Chosen by the rules of a CRDS context.
    case context
    /// A single matching exposure that stands in until there is a master.
    case single
    /// The rules say that this type does not apply (`N/A`).
    case notApplicable
    /// Nothing matched; `reason` says why.
    case none
  }

  /// Lower-case type, e.g. `dark`, `flat`, `mask`.
  public var type: String
  public var origin: Origin
  /// Absolute path, when there is a file.
  public var path: String?
  /// sha256 of the file, when there is one.
  public var sha256: String?
  /// Context the rule came from.
  public var context: String?
  /// The rmap and its row, e.g. `tmt_iris_dark_0002.rmap ('IMG1', 'FULL', …)`.
  public var rule: String?
  /// USEAFTER of the chosen row.
  public var useAfter: String?
  /// Quality level of MATCHING.md §2: 0 best … 3 last.
  public var level: Int?
  /// Time between the reference's epoch and the frame, seconds (absolute).
  public var distanceSeconds: Double?
  /// True when it serves only as the last resort (a dark of another exposure time): flags and `degraded` follow.
  public var lastResort: Bool
  /// A sentence when there is no file, or why this one is only second best.
  public var reason: String?

  public init(
    type: String, origin: Origin, path: String? = nil, sha256: String? = nil, context: String? = nil,
    rule: String? = nil, useAfter: String? = nil, level: Int? = nil, distanceSeconds: Double? = nil,
    lastResort: Bool = false, reason: String? = nil
  ) {
    self.type = type
    self.origin = origin
    self.path = path
    self.sha256 = sha256
    self.context = context
    self.rule = rule
    self.useAfter = useAfter
    self.level = level
    self.distanceSeconds = distanceSeconds
    self.lastResort = lastResort
    self.reason = reason
  }
}
