/// Where one HDU lies in its file, what its header says of its shape, and the header itself.
public struct HDUStructure: Sendable {
  /// 0 for the primary HDU.
  public let index: Int
  /// Byte offset of the header in the (inflated) file.
  public let headerOffset: UInt64
  /// Byte offset of the first data byte.
  public let dataOffset: UInt64
  /// Data bytes without padding: `|BITPIX|/8 GCOUNT (PCOUNT + NAXIS1 NAXIS2 …)`, heap included.
  public let dataBytes: UInt64
  /// Byte offset behind the padding: the next HDU's header, or the end of the file.
  public let endOffset: UInt64
  /// `EXTNAME`, or the empty string.
  public let name: String
  /// `EXTVER`, or 1.
  public let version: Int
  /// `IMAGE`, `BINTABLE`, `TABLE` …; empty for the primary HDU.
  public let xtension: String
  /// `BITPIX`: 8, 16, 32, 64, -32 or -64.
  public let bitpix: Int
  /// Lengths of the axes, `NAXIS1` first; empty without data.
  public let axes: [Int]
  /// The header's records.
  public let header: HeaderText
  /// A binary table that holds a tile-compressed image (`ZIMAGE = T`).
  public let isCompressedImage: Bool
}
