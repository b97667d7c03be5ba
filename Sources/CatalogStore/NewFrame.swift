/// A frame about to be recorded: what ingest (or a finished run) knows of a file.
public struct NewFrame: Sendable, Equatable {
  /// Where the file lies and how it looked when it was read.
  public struct Place: Sendable, Equatable {
    public var path: String
    public var device: Int64
    public var inode: Int64
    public var bytes: Int64
    public var modifiedNanoseconds: Int64
    public var changedNanoseconds: Int64

    public init(
      path: String, device: Int64, inode: Int64, bytes: Int64, modifiedNanoseconds: Int64,
      changedNanoseconds: Int64
    ) {
      self.path = path
      self.device = device
      self.inode = inode
      self.bytes = bytes
      self.modifiedNanoseconds = modifiedNanoseconds
      self.changedNanoseconds = changedNanoseconds
    }
  }

  /// What the header says, in the columns of the catalog.
  public struct Description: Sendable, Equatable {
    public var kind = ""
    public var level: Int?
    public var obstype = ""
    public var obsname = "UNKNOWN"
    public var detector: String?
    public var filter: String?
    public var object: String?
    public var program: String?
    public var observation: String?
    public var night: String?
    public var dateObs: Double?
    public var dateEnd: Double?
    public var exptime: Double?
    public var ra: Double?
    public var dec: Double?
    /// Identity of the exposure: two level 1 frames with one key are versions of one exposure.
    public var exposureKey: String?
    /// `DET_ID/EXP_NO` of readouts and level 1 frames, which the readouts and versions of an exposure share.
    public var detectorExposure: String?
    /// Matching fields (name -> value as text) that association rules compare.
    public var fields: [String: String] = [:]
    /// Indexed keywords: keyword -> value as text.
    public var keywords: [String: String] = [:]

    public init() {}
  }

  /// One HDU's header, as FITS text.
  public struct Header: Sendable, Equatable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  public var place: Place
  /// nil only when the file could not be read at all.
  public var sha256: String?
  public var state: String
  public var reason: String?
  public var description: Description
  public var headers: [Header]
  /// Seconds since 1970 UTC.
  public var arrivedAt: Double
  /// When the daemon noticed it, seconds since 1970 UTC; nil for products.
  public var seenAt: Double?

  public init(
    place: Place, sha256: String?, state: String, reason: String?, description: Description = Description(),
    headers: [Header] = [], arrivedAt: Double, seenAt: Double? = nil
  ) {
    self.place = place
    self.sha256 = sha256
    self.state = state
    self.reason = reason
    self.description = description
    self.headers = headers
    self.arrivedAt = arrivedAt
    self.seenAt = seenAt
  }

  /// The file name without folders.
  public var name: String { place.path.split(separator: "/").last.map(String.init) ?? place.path }
}
