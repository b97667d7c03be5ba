import Associations

/// Every wait of the archive, in seconds of the arrival clock.
package struct Waits: Sendable {
  /// A sequence without its declared count closes after at least so much quiet.
  var quiet: Double
  /// Quiet time of a sequence of exposures of so many seconds: max(quiet, 3 x EXPTIME + overhead).
  var quietSeconds: @Sendable (_ exposureSeconds: Double) -> Double
  /// The same for exposures as their headers date them, which no demonstration makes quicker: what may lie between a
  /// late frame and the set it belongs to.
  var exposureGapSeconds: @Sendable (_ exposureSeconds: Double) -> Double
  /// How long a set waits for its next frame: an exposure for missing reads, a master for more frames of its kind,
  /// others for the quiet.
  var sequence: @Sendable (_ rule: AssociationRule, _ exposureSeconds: Double) -> Double
  /// How long readouts wait for the raw frame that says what they are.
  var rawFrame: Double
  /// How long a science frame waits for its sky.
  var sky: Double
  /// How long a mosaic waits for the next position of its dither pattern.
  var dither: Double
  /// An incomplete file unchanged for so long is truncated.
  var truncated: Double
  /// The longest of all waits: after its end a night stays open so long.
  var longest: Double

  package init(
    quiet: Double, quietSeconds: @escaping @Sendable (_ exposureSeconds: Double) -> Double,
    exposureGapSeconds: @escaping @Sendable (_ exposureSeconds: Double) -> Double,
    sequence: @escaping @Sendable (_ rule: AssociationRule, _ exposureSeconds: Double) -> Double,
    rawFrame: Double, sky: Double, dither: Double, truncated: Double, longest: Double
  ) {
    self.quiet = quiet
    self.quietSeconds = quietSeconds
    self.exposureGapSeconds = exposureGapSeconds
    self.sequence = sequence
    self.rawFrame = rawFrame
    self.sky = sky
    self.dither = dither
    self.truncated = truncated
    self.longest = longest
  }
}
