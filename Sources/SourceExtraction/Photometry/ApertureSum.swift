/// The light inside an aperture.
public struct ApertureSum: Sendable, Equatable {
  /// Sum of the values, weighed by the share of each pixel inside, in the unit of the image x pixel.
  ///
  /// Pixels of the mask are taken for the mean of the others inside.
  public var flux: Double
  /// One standard deviation of ``flux`` by the errors of the pixels and the image's noise correlation.
  public var error: Double
  /// Pixels inside, masked ones too; those beyond the edge of the image are not.
  public var area: Double
  /// Bits of ``Flag``.
  public var flags: Int

  /// What is special about an aperture.
  public enum Flag {
    /// It reaches beyond the edge of the image.
    public static let truncated = 0x10
    /// Some of its pixels are masked.
    public static let hasMasked = 0x20
    /// All of them are: there is no flux.
    public static let allMasked = 0x40
    /// A sum that must be positive (of a Kron radius, of a windowed position) is not.
    public static let nonPositive = 0x80
  }
}

/// An ellipse about a source, as SExtractor describes it.
public struct SourceEllipse: Sendable, Equatable {
  /// Standard deviation of the light along the major axis, pixels.
  public var semiMajor: Double
  /// Along the minor axis.
  public var semiMinor: Double
  /// Angle of the major axis from +x towards +y, radians, -pi/2…pi/2.
  public var angle: Double

  /// An ellipse from its axes.
  public init(semiMajor: Double, semiMinor: Double, angle: Double) {
    self.semiMajor = semiMajor
    self.semiMinor = semiMinor
    self.angle = angle
  }

  /// The ellipse of a source that was found.
  public init(_ source: Source) {
    self.init(
      semiMajor: Double(source.semiMajor), semiMinor: Double(source.semiMinor), angle: Double(source.angle))
  }

  /// Whether the axes are ones that the library takes.
  var isValid: Bool {
    semiMajor > 0 && semiMinor > 0 && semiMinor <= semiMajor && abs(angle) <= Double.pi / 2 + 1e-6
  }
}
