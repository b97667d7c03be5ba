import FITSIO
import Metadata

/// What a frame's header says of one keyword of its configuration, in canonical spelling whatever generation of
/// keywords the file is of; other keywords as they are written.
public struct ConfigurationValue: Sendable, Hashable, CustomStringConvertible {
  private let text: String?
  private let number: Double?

  public init(_ keyword: String, of frame: Frame) {
    let keyword = keyword.uppercased()
    let metadata = frame.metadata
    switch keyword {
    case "DETECTOR": self.init(metadata.detector)
    case "INSTMODE": self.init(metadata.instrumentMode)
    case "FILTER": self.init(metadata.filter)
    case "PUPIL": self.init(metadata.pupil)
    case "GRATING": self.init(metadata.grating)
    case "SCALE": self.init(metadata.scale)
    case "READMODE": self.init(metadata.readMode?.uppercased())
    case "EXPTIME": self.init(metadata.exposureSeconds)
    case "NGROUPS": self.init(metadata.ngroups.map(Double.init))
    case "NINTS": self.init(metadata.nints.map(Double.init))
    case "NCOADDS": self.init(metadata.ncoadds.map(Double.init))
    default: self.init(header: frame.header, keyword)
    }
  }

  private init(_ text: String?) { (self.text, number) = (text, nil) }

  private init(_ number: Double?) { (text, self.number) = (nil, number) }

  private init(header: Header, _ keyword: String) {
    number = header.double(keyword)
    text = number == nil ? header.string(keyword) ?? header.logical(keyword).map { $0 ? "T" : "F" } : nil
  }

  /// Whether the header says anything.
  public var isKnown: Bool { text != nil || number != nil }

  /// Equal texts, or numbers within 0.01; two that say nothing agree.
  public func agrees(with other: ConfigurationValue) -> Bool {
    if let number, let another = other.number { return abs(number - another) <= 0.01 }
    return number == nil && other.number == nil && text == other.text
  }

  public var description: String { text ?? number.map { "\($0)" } ?? "absent" }
}
