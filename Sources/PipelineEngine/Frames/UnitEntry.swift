import DataModels
import Metadata
import Pixels

/// What a frame's unit asks of it on entry.
package struct UnitEntry: Sendable {
  /// Unit after entry, as FITS writes it.
  package let unit: String
  /// What values and errors are divided by on entry.
  package let divisor: Float
  /// A sentence when something was done or assumed.
  package let note: String?

  /// Whether values are count rates in DN after entry.
  package var isRate: Bool { unit == Self.rate }

  /// The unit of count rates.
  package static let rate = "adu/s"

  /// - Throws: `EngineError` `impossible-exposure-time` when a summed frame has no usable EXPTIME, `unit-unknown`.
  package init(_ text: String?, metadata: FrameMetadata, path: String) throws {
    let kind = PixelUnit(bunit: text)
    switch kind {
    case .counts:
      guard let seconds = metadata.exposureSeconds, seconds.isFinite, seconds > 0 else {
        throw EngineError(
          "impossible-exposure-time",
          "the frame is in adu and its EXPTIME is \(metadata.exposureSeconds.map { "\($0)" } ?? "absent")",
          subject: path, hint: "set EXPTIME (seconds) or BUNIT = 'adu/s'")
      }
      (unit, divisor) = (Self.rate, Float(seconds))
      note =
        (text == nil ? "\(path) has no BUNIT: taken as adu, " : "\(path) is in adu: ")
        + "divided by EXPTIME = \(seconds) s"
    case .countRate, .electrons, .electronRate, .dimensionless, .other:
      (unit, divisor, note) = (kind.fits, 1, nil)
    }
  }

  /// The operations that bring pixels into `unit`.
  package var operations: [FrameOperation] {
    guard divisor != 1 else { return [] }
    let factor = divisor
    return [FrameOperation { pixels, _ in pixels = pixels.divided(by: factor) }]
  }
}
