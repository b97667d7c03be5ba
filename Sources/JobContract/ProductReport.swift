/// A product in the attempt's folder, complete and synced.
public struct ProductReport: Codable, Sendable, Equatable {
  /// Kind suffix of DATA.md §1: `cal`, `rate`, `dark`, `flat` …
  public var kind: String
  /// Bare file name in the output directory.
  public var fileName: String
  public var sha256: String
  public var bytes: UInt64
  /// Data level: 1, 2, 3; 0 for a reference.
  public var level: Int
  /// Header cards of each HDU as FITS text (80-character cards, no END), primary first.
  public var headers: [String]
  /// Numbers for people and for quality checks, of good pixels: `median`, `background` and `noise` (clipped median and
  /// sigma), `median_error`, `flagged_fraction`; of a master with one before it also `compared_…`.
  public var quality: [String: Double]
  /// Quick-look picture beside the product, when one was made.
  public var preview: PreviewReport?
  /// The master in use that a new master was compared with.
  public var comparedWith: FileIdentity?

  public init(
    kind: String, fileName: String, sha256: String, bytes: UInt64, level: Int, headers: [String],
    quality: [String: Double] = [:], preview: PreviewReport? = nil, comparedWith: FileIdentity? = nil
  ) {
    self.kind = kind
    self.fileName = fileName
    self.sha256 = sha256
    self.bytes = bytes
    self.level = level
    self.headers = headers
    self.quality = quality
    self.preview = preview
    self.comparedWith = comparedWith
  }
}

/// A quick-look picture in the attempt's folder.
public struct PreviewReport: Codable, Sendable, Equatable {
  /// Bare file name in the output directory: the product's, with another ending.
  public var fileName: String
  public var sha256: String
  public var bytes: UInt64

  public init(fileName: String, sha256: String, bytes: UInt64) {
    self.fileName = fileName
    self.sha256 = sha256
    self.bytes = bytes
  }
}
