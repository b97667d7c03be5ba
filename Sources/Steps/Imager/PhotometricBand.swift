import Foundation
import PipelineEngine

/// A broad band of the near infrared and how far its AB magnitudes lie from those of Vega.
struct PhotometricBand: Sendable, Equatable {
  /// `z`, `Y`, `J`, `H`, `Ks`.
  let name: String
  /// AB less Vega magnitude of the same source, mag (ALGORITHMS 1.10, from the instrument's exposure time calculator).
  let abMinusVega: Double
  /// Wavelengths that count as within it, micron.
  let microns: ClosedRange<Double>

  static let all = [
    PhotometricBand(name: "z", abMinusVega: 0.54, microns: 0.81...0.935),
    PhotometricBand(name: "Y", abMinusVega: 0.634, microns: 0.96...1.09),
    PhotometricBand(name: "J", abMinusVega: 0.91, microns: 1.15...1.36),
    PhotometricBand(name: "H", abMinusVega: 1.39, microns: 1.46...1.82),
    PhotometricBand(name: "Ks", abMinusVega: 1.85, microns: 1.95...2.41),
  ]

  /// The band of a filter by its name (`H`, `Hbb`, `Kn3`, `Ks`, `zbb`; a lamp line such as `HeI` is none), else by its
  /// middle wavelength in micron; nil when neither tells.
  static func of(filter: String?, centre: Double?) -> PhotometricBand? {
    if let filter, let named = named(filter) { return named }
    guard let centre else { return nil }
    return all.first { $0.microns.contains(centre) }
  }

  private static func named(_ filter: String) -> PhotometricBand? {
    guard let first = filter.first,
      let band = all.first(where: { $0.name.first?.lowercased() == first.lowercased() })
    else { return nil }
    let rest = filter.dropFirst().lowercased()
    let isBand = ["", "s", "bb", "cont", "-cont", "short", "long"].contains(rest)
    let isNarrow = rest.first == "n" && rest.dropFirst().allSatisfy(\.isNumber)
    return isBand || isNarrow ? band : nil
  }
}

extension Frame {
  /// The band of the frame's filter.
  var photometricBand: PhotometricBand? {
    PhotometricBand.of(filter: metadata.filter, centre: header.double("WAVECEN"))
  }
}

extension Frame {
  /// MJD (UTC) of the middle of the exposure, else of its start; nil when the header does not tell.
  var modifiedJulianDate: Double? {
    (metadata.dateMiddle ?? metadata.dateBegin).map { $0.timeIntervalSince1970 / 86_400 + 40_587 }
  }
}
