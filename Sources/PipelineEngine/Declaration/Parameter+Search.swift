extension Parameter {
  // Steps of several rooms look for sources: what they call the same is declared here.

  /// Side of the tiles of a background mesh.
  public static let boxSize = Parameter(
    "box_size", .integer(8...4096), default: .integer(64), unit: "pixel",
    help: "side of the tiles of the background mesh")

  /// The median filter over a background mesh.
  public static let filterSize = Parameter(
    "filter_size", .integer(1...99), default: .integer(3),
    help: "tiles along the side of the median filter over the mesh")

  /// From which sigma on a pixel belongs to a source.
  public static func threshold(_ sigmas: Double, of noise: String = "the background") -> Parameter {
    Parameter(
      "threshold", .number(0.1...1000), default: .number(sigmas),
      help: "sources are above this many sigmas of \(noise)")
  }

  /// The smallest source.
  public static let minimumArea = Parameter(
    "min_area", .integer(1...100_000), default: .integer(5), unit: "pixel",
    help: "connected pixels that a source has at least")

  /// What is masked about a source.
  public static let dilation = Parameter(
    "dilation", .number(0...200), default: .number(4), unit: "pixel",
    help: "pixels about each source that are masked too")
}
