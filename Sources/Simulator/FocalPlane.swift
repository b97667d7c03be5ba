/// Where the four detectors of the imager lie: two by two with gaps, north up and east to the left. `IMG1` sees the
/// target, `IMG2` lies west of it (at larger x), `IMG3` north of it.
///
/// ```
/// IMG3 IMG4
/// IMG1 IMG2
/// ```
struct FocalPlane: Sendable {
  /// The detectors of the imager, in order.
  static let detectors = ["IMG1", "IMG2", "IMG3", "IMG4"]

  /// Pixels along the side of a detector.
  let size: Int
  /// Arcsec per pixel.
  let scale: Double

  /// Pixels between two detectors: 128 of 4096.
  var gap: Int { max(1, size / 32) }

  /// Where the centre of a detector looks, arcsec East and North of where IMG1's does; (0, 0) of the spectrograph.
  func offset(of detector: String) -> (east: Double, north: Double) {
    let step = Double(size + gap) * scale
    return switch detector {
    case "IMG2": (-step, 0)
    case "IMG3": (0, step)
    case "IMG4": (-step, step)
    default: (0, 0)
    }
  }
}
