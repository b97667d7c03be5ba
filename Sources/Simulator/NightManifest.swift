import Foundation

/// `night.json`: the files of a night in the order they appear, for whoever delivers them.
public struct NightManifest: Sendable, Codable, Equatable {
  /// One file of the night.
  public struct File: Sendable, Codable, Equatable {
    /// Path below the night's folder.
    public var file: String
    public var obsname: String
    public var level: Int
    public var detector: String
    /// `EXPNUM`, and the exposure's place in the night (from 0).
    public var exposure: Int
    public var order: Int
    /// Path of the exposure's truth below the night's folder.
    public var truth: String?
    /// When the file is ready (UTC), and seconds since the one before: a hint for delivery.
    public var ready: String
    public var delay: Double
  }

  public var seed: UInt64
  public var detectorSize: Int
  public var exposures: Int
  public var files: [File]

  /// The JSON text: sorted keys, one key per line.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}
