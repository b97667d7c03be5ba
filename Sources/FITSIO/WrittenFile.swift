import FITSStructure

/// What a `FITSWriter` has left on disk.
public struct WrittenFile: Sendable {
  /// The final path.
  public let path: String
  /// Size of the file.
  public let bytes: UInt64
  /// The header of each HDU as written, checksums included.
  public let headerTexts: [HeaderText]
}
