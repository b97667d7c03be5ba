/// Role of a member in an association (`exptype` of the association JSON) that a pipeline knows what to do with.
public enum MemberType: String, Codable, Sendable, CaseIterable {
  case science, background, dark, flat, psf, sourcecat, engineering, readout
  /// The level 1 frame whose header says what the readouts of its exposure are.
  case rawframe
}

/// An association as JWST's JSON writes it (MATCHING.md §4): the exchange form of people and pipelines.
///
/// Only `products` with their members is required to read one; ``json`` writes every key, in JWST's order.
public struct AssociationFile: Codable, Sendable, Equatable {
  /// A file of a product.
  public struct Member: Codable, Sendable, Hashable {
    /// The file, absolute or relative to the association's folder.
    public var expname: String
    /// As written; JWST's own names go beyond those that a pipeline here uses.
    public var exptype: String

    public init(expname: String, exptype: String) {
      self.expname = expname
      self.exptype = exptype
    }

    public init(expname: String, exptype: MemberType) {
      self.init(expname: expname, exptype: exptype.rawValue)
    }

    /// The role, whatever the case of its letters (JWST compares it so too); nil for one that no pipeline uses.
    public var type: MemberType? { MemberType(rawValue: exptype.lowercased()) }

    /// True for a name that JWST's own associations give, used here or not.
    public var isKnown: Bool { type != nil || Self.unused.contains(exptype.lowercased()) }

    /// Roles of JWST's associations that no pipeline here takes.
    private static let unused: Set<String> = [
      "autoflat", "autowave", "direct_image", "imprint", "segmap", "selfcal", "tacconfirm", "tacq",
      "target_acquisition", "target_acqusition", "wfs",
    ]
  }

  /// What is to be made of which members.
  public struct Product: Codable, Sendable, Equatable {
    public var name: String
    public var members: [Member]

    public init(name: String, members: [Member]) {
      self.name = name
      self.members = members
    }
  }

  /// `image2`, `dark` …
  public var asnType: String?
  /// The rule that made it.
  public var asnRule: String?
  public var versionID: String?
  /// Version of the software that wrote it.
  public var codeVersion: String?
  /// A sentence: JWST's own when nothing is degraded.
  public var degradedStatus: String?
  public var program: String?
  /// What the members had to have in common, as text.
  public var constraints: String?
  /// `oNNN` for an observation, `aNNNN` for one made otherwise.
  public var asnID: String?
  public var target: String?
  /// The pool (list of exposures) that it was made from.
  public var asnPool: String?
  public var products: [Product]

  enum CodingKeys: String, CodingKey {
    case asnType = "asn_type"
    case asnRule = "asn_rule"
    case versionID = "version_id"
    case codeVersion = "code_version"
    case degradedStatus = "degraded_status"
    case program, constraints
    case asnID = "asn_id"
    case target
    case asnPool = "asn_pool"
    case products
  }

  public init(products: [Product]) {
    self.products = products
  }
}
