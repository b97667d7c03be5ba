import Foundation

/// `readouts.json`: the readouts of a scenario in the order they are delivered, and what their exposures are.
public struct ReadoutManifest: Sendable, Codable, Equatable {
  /// One exposure.
  public struct Exposure: Sendable, Codable, Equatable {
    /// Its place in the scenario, from 0: what `Readout.exposure` counts.
    public var index: Int
    public var obsname: String
    public var detector: String
    /// `DET_ID` and `EXP_NO`.
    public var detID: String
    public var number: Int
    /// First `RST_TIME`, microseconds: with detector and number the identity of the exposure.
    public var firstReset: Int64
    public var ramps: Int
    public var reads: Int
    /// Reads of each ramp that can be used once all has come: neither missing nor spoiled nor incomplete.
    public var usable: [[Int]]
    /// Mean of photo-electrons and dark electrons per second over the window's sensitive pixels that are not flagged.
    public var meanRate: Double
    /// Path of the truth, and of the level 1 frame where there is one.
    public var truth: String
    public var frame: String?
  }

  /// One readout.
  public struct Readout: Sendable, Codable, Equatable {
    /// Path below the scenario's folder; nil when the read never comes.
    public var file: String?
    public var exposure: Int
    public var ramp: Int
    public var read: Int
    /// `missing`, `corrupted`, `truncated`, `incomplete`, `late` or `poor`; nil when all is well.
    public var fault: String?
    /// When the file is there (UTC).
    public var ready: String?
    public var quality: Double?
  }

  public var seed: UInt64
  public var detectorSize: Int
  public var exposures: [Exposure]
  /// In the order they are to be delivered: late ones after all others, those that never come at the end.
  public var readouts: [Readout]

  /// The JSON text: sorted keys, one key per line.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// Reads the JSON text.
  public init(json: Data) throws { self = try JSONDecoder().decode(ReadoutManifest.self, from: json) }

  init(seed: UInt64, detectorSize: Int, exposures: [Exposure], readouts: [Readout]) {
    self.seed = seed
    self.detectorSize = detectorSize
    self.exposures = exposures
    self.readouts = readouts
  }
}
