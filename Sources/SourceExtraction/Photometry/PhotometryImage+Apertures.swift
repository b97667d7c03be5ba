import CSEP

extension PhotometryImage {
  /// Values of pixels are shared out exactly between inside and outside.
  static let exact: Int32 = 0

  /// The light within `radius` pixels of a place (`sep_sum_circle`).
  ///
  /// - Parameter owner: index of a source whose neighbours' pixels count as masked; nil takes all light.
  /// - Throws: what the library says, e.g. of a radius below 0.
  public func circle(
    x: Double, y: Double, radius: Double, owner: Int? = nil
  ) throws(SourceExtractionError) -> ApertureSum {
    try sum("a circle of \(radius)", owner) { image, sum, error, area, flags in
      sep_sum_circle(image, x, y, radius, id(owner), Self.exact, 0, sum, error, area, flags)
    }
  }

  /// The light between two circles (`sep_sum_circann`).
  public func annulus(
    x: Double, y: Double, inner: Double, outer: Double, owner: Int? = nil
  ) throws(SourceExtractionError) -> ApertureSum {
    try sum("an annulus of \(inner) to \(outer)", owner) { image, sum, error, area, flags in
      sep_sum_circann(image, x, y, inner, outer, id(owner), Self.exact, 0, sum, error, area, flags)
    }
  }

  /// The light within `radius` times an ellipse (`sep_sum_ellipse`).
  public func ellipse(
    x: Double, y: Double, _ ellipse: SourceEllipse, radius: Double, owner: Int? = nil
  ) throws(SourceExtractionError) -> ApertureSum {
    try sum("an ellipse of \(ellipse.semiMajor) x \(ellipse.semiMinor)", owner) {
      image, sum, error, area, flags in
      sep_sum_ellipse(
        image, x, y, ellipse.semiMajor, ellipse.semiMinor, ellipse.angle, radius, id(owner), Self.exact, 0,
        sum, error, area, flags)
    }
  }

  /// The first moment of the light's elliptical radius within `limit` times an ellipse (Kron 1980), in units of its
  /// axes, and flags; 0 where the light is not positive (`sep_kron_radius`).
  public func kronRadius(
    x: Double, y: Double, _ ellipse: SourceEllipse, limit: Double = 6, owner: Int? = nil
  ) throws(SourceExtractionError) -> (radius: Double, flags: Int) {
    guard ellipse.isValid else { return (0, ApertureSum.Flag.nonPositive) }
    var (cxx, cyy, cxy) = (0.0, 0.0, 0.0)
    sep_ellipse_coeffs(ellipse.semiMajor, ellipse.semiMinor, ellipse.angle, &cxx, &cyy, &cxy)
    var (radius, flags) = (0.0, Int16(0))
    let status = withLibraryImage(owned: owner != nil) {
      sep_kron_radius($0, x, y, cxx, cyy, cxy, limit, id(owner), &radius, &flags)
    }
    try check(status, "a Kron radius")
    return (radius, Int(flags))
  }

  /// Radii about a place that hold `fractions` of `total`, looked for up to `limit` (`sep_flux_radius`).
  public func fluxRadii(
    x: Double, y: Double, fractions: [Double], total: Double, limit: Double, owner: Int? = nil
  ) throws(SourceExtractionError) -> (radii: [Double], flags: Int) {
    var radii = [Double](repeating: 0, count: fractions.count)
    var (total, flags) = (total, Int16(0))
    let status = withLibraryImage(owned: owner != nil) {
      sep_flux_radius(
        $0, x, y, limit, id(owner), 5, 0, &total, fractions, Int32(fractions.count), &radii, &flags)
    }
    try check(status, "a flux radius")
    return (radii, Int(flags))
  }

  /// The centre of the light under a Gaussian window, iterated (`sep_windowed`, SExtractor's `XWIN_IMAGE`).
  ///
  /// - Parameter sigma: of the window, pixels; SExtractor takes the half-light radius x 2 / 2.3548.
  public func windowedPosition(
    x: Double, y: Double, sigma: Double
  ) throws(SourceExtractionError) -> (x: Double, y: Double, flags: Int) {
    var (newX, newY, rounds, flags) = (x, y, Int32(0), Int16(0))
    let status = withLibraryImage(owned: false) {
      sep_windowed($0, x, y, sigma, 11, 0, &newX, &newY, &rounds, &flags)
    }
    try check(status, "a windowed position")
    return (newX, newY, Int(flags))
  }

  private typealias Out = UnsafeMutablePointer<Double>

  private func sum(
    _ what: String, _ owner: Int?,
    _ call: (UnsafePointer<sep_image>, Out, Out, Out, UnsafeMutablePointer<Int16>) -> Int32
  ) throws(SourceExtractionError) -> ApertureSum {
    var (flux, error, area, flags) = (0.0, 0.0, 0.0, Int16(0))
    try check(withLibraryImage(owned: owner != nil) { call($0, &flux, &error, &area, &flags) }, what)
    return ApertureSum(flux: flux, error: error * noiseCorrelation, area: area, flags: Int(flags))
  }

  private func id(_ owner: Int?) -> Int32 { owner.map { segmentation == nil ? 0 : Int32($0 + 1) } ?? 0 }

  private func check(_ status: Int32, _ what: String) throws(SourceExtractionError) {
    if status != 0 { throw SourceExtractionError(status: status, subject: what) }
  }
}
