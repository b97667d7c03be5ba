/// One thing that was compared: an image, a table, the keywords of a header.
public struct ComparisonRow: Sendable, Equatable {
  /// `SCI`, `ERR,2`, `primary`.
  public var hdu: String
  /// `image`, `table`, `keyword`, `hdu`, `shape`, `unit`.
  public var what: String
  public var isSame: Bool
  /// Pixels (or cells of a table) compared and differing.
  public var pixels: Int?
  public var differing: Int?
  /// Largest |B - A|.
  public var maxAbsolute: Double?
  /// Root mean square of (B - A) / ERR of A.
  public var rmsSigma: Double?
  /// Fraction of pixels beyond the limit in sigmas.
  public var beyond: Double?
  /// In words: where, which bits, both values.
  public var detail: String

  init(_ hdu: String, _ what: String, isSame: Bool, detail: String = "") {
    self.hdu = hdu
    self.what = what
    self.isSame = isSame
    self.detail = detail
  }
}
