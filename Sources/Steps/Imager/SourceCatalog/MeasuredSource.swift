import SourceExtraction

/// Everything measured of one source; places count pixels from 0, fluxes are in the unit of the image x pixel.
struct MeasuredSource: Sendable {
  var source: Source
  var x: Double
  var y: Double
  var xError: Double
  var yError: Double
  /// In the order of the settings' apertures.
  var apertures: [ApertureSum]
  /// The light by Kron's ellipse.
  var auto: ApertureSum
  var kronRadius: Double
  /// Half of the light of `auto` lies within.
  var halfLightRadius: Double
  /// The light within the aperture of the correction, corrected to all light of a star.
  var total: Double
  var totalError: Double
  var psf: PSFFit?
  /// All DQ flags of pixels within the smallest aperture.
  var quality: UInt32
  var flags: Int
  var isAtEdge: Bool
}
