/// Role of a member in an association (`exptype` of the JWST association JSON).
public enum MemberType: String, Codable, Sendable, CaseIterable {
  case science, background, dark, flat, psf, sourcecat, engineering, readout
}

/// An association as JWST's JSON writes it (MATCHING.md §4): the exchange form of people and pipelines.
public struct AssociationFile: Codable, Sendable, Equatable {
  public struct Member: Codable, Sendable, Equatable {
    public var expname: String
    public var exptype: MemberType

    public init(expname: String, exptype: MemberType) {
      self.expname = expname
      self.exptype = exptype
    }
  }

  public struct Product: Codable, Sendable, Equatable {
    public var name: String
    public var members: [Member]

    public init(name: String, members: [Member]) {
      self.name = name
      self.members = members
    }
  }

  public var asnType: String?
  public var asnRule: String?
  public var versionID: String?
  public var codeVersion: String?
  public var degradedStatus: String?
  public var program: String?
  public var constraints: String?
  public var asnID: String?
  public var target: String?
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
