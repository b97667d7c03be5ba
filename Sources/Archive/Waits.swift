/// Every wait of the archive, in seconds of the arrival clock.
struct Waits: Sendable {
  /// A sequence without its declared count closes after at least so much quiet.
  var quiet: Double
  /// Quiet time of a sequence of exposures of so many seconds: max(quiet, 3 x EXPTIME + overhead).
  var quietSeconds: @Sendable (_ exposureSeconds: Double) -> Double
  /// How long a science frame waits for its sky.
  var sky: Double
  /// An incomplete file unchanged for so long is truncated.
  var truncated: Double
}
