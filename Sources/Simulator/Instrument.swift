import Glibc
import Pixels

/// The instrument of a seed: its detectors as they truly are. The same seed and size give the same
/// instrument.
public struct Instrument: Sendable {
  /// The seed that everything follows from.
  public let seed: UInt64
  /// Pixels along the side of each detector.
  public let size: Int
  private let detectors: [String: DetectorModel]

  /// Makes the detectors `names` (`IMG1` … `IMG4`, `IFU`).
  public init(
    seed: UInt64, size: Int, detectors names: [String], options: DetectorModel.Options = .init()
  ) {
    self.seed = seed
    self.size = size
    var made: [String: DetectorModel] = [:]
    for name in names where made[name] == nil {
      made[name] = DetectorModel(seed: seed, name: name, size: size, options: options)
    }
    detectors = made
  }

  /// The detector called `name`.
  ///
  /// - Throws: `unknown-detector` when the instrument was made without it.
  public func detector(_ name: String) throws(SimulatorError) -> DetectorModel {
    guard let detector = detectors[name] else {
      throw SimulatorError(
        code: "unknown-detector", message: "the simulated instrument has no such detector", subject: name)
    }
    return detector
  }

  /// The magnitude (Vega) of a star of one photo-electron per second through `filter`: what the sky's rate and brightness
  /// say of the same light.
  public static func zeroPoint(filter: String) -> Double {
    let sky =
      switch filter.prefix(1) {
      case "H": 13.0
      case "K": 13.4
      case "J": 15.6
      default: 16.6
      }
    return sky - 2.5 * log10(0.004 * 0.004) + 2.5 * log10(skyRate(filter: filter))
  }

  /// Magnitude of the flux standard in every filter (an A0V star).
  public static let standardMagnitude = 18.5

  static func standardFlux(filter: String) -> Double {
    pow(10, 0.4 * (zeroPoint(filter: filter) - standardMagnitude))
  }

  /// Mean sky brightness of the imager through `filter`, e-/s per 4 mas pixel.
  ///
  /// From Mauna Kea's sky (J 15.6, H 13.0, K 13.4 mag/arcsec²) and 630 m² at 45 % throughput.
  static func skyRate(filter: String) -> Double {
    switch filter.prefix(1) {
    case "H": 80
    case "K": 35
    case "J": 8
    default: 3
    }
  }
}
