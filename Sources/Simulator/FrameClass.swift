/// What a frame is: a detector's mode and a purpose, written as the OBSNAME of the data contract
/// (`IMG1-SCI`).
public struct FrameClass: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Why the frame was taken.
  public enum Purpose: String, Sendable, Hashable, Codable, CaseIterable {
    /// Science, sky background, dark, near-field flat, telluric star, lenslet scan, instrumental dispersion, flux standard
    /// and pinhole grid (the last two of the imager only).
    case science = "SCI"
    case sky = "SKY"
    case dark = "DRK"
    case flat = "NFF"
    case telluric = "TEL"
    case lensletScan = "SPX"
    case dispersion = "IDP"
    case standard = "STD"
    case pinhole = "PIN"
  }

  /// `IMG1` … `IMG4`, `SLI` or `LEN`: the first half of the OBSNAME.
  public let channel: String
  /// The second half of the OBSNAME.
  public let purpose: Purpose

  /// Creates a class from its two halves; nil when the instrument has no such frame.
  public init?(channel: String, purpose: Purpose) {
    let imager = ["IMG1", "IMG2", "IMG3", "IMG4"].contains(channel)
    switch purpose {
    case .science, .sky, .dark, .telluric:
      guard imager || channel == "SLI" || channel == "LEN" else { return nil }
    case .flat: guard imager || channel == "SLI" else { return nil }
    case .lensletScan: guard channel == "LEN" else { return nil }
    case .dispersion: guard channel == "SLI" || channel == "LEN" else { return nil }
    case .standard, .pinhole: guard imager else { return nil }
    }
    self.channel = channel
    self.purpose = purpose
  }

  /// Reads an OBSNAME such as `LEN-SPX`; nil when the instrument has no such frame.
  public init?(obsName: String) {
    let parts = obsName.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let purpose = Purpose(rawValue: String(parts[1])) else { return nil }
    self.init(channel: String(parts[0]), purpose: purpose)
  }

  /// Every OBSNAME of the data contract's table, in its order, with `IMG1` for the imager.
  public static let all: [FrameClass] = [
    "IMG1-NFF", "SLI-NFF", "LEN-SPX", "IMG1-DRK", "SLI-DRK", "LEN-DRK", "IMG1-TEL", "SLI-TEL", "LEN-TEL",
    "SLI-IDP", "LEN-IDP", "IMG1-SCI", "LEN-SCI", "SLI-SCI", "IMG1-SKY", "LEN-SKY", "SLI-SKY",
  ].compactMap { FrameClass(obsName: $0) }

  /// The value of OBSNAME.
  public var obsName: String { "\(channel)-\(purpose.rawValue)" }
  /// The value of OBSTYPE.
  public var obsType: String {
    switch purpose {
    case .science, .sky: "SCI"
    case .dispersion: "ENG"
    default: "CAL"
    }
  }
  /// The value of DETECTOR.
  public var detector: String { isImager ? channel : "IFU" }
  /// The value of INSTMODE.
  public var mode: String { isImager ? "IMG" : channel == "SLI" ? "SLICER" : "LENSLET" }
  /// Whether one of the four imager detectors takes it.
  public var isImager: Bool { channel.hasPrefix("IMG") }
  /// The value of IMTYPE, the older generation's word for the purpose.
  public var imageType: String {
    switch purpose {
    case .dark: "DARK"
    case .flat, .lensletScan: "FLAT"
    default: purpose.rawValue
    }
  }
  /// The OBSNAME.
  public var description: String { obsName }
}
