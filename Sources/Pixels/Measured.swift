/// An image with its one-sigma errors and its data quality flags (`DQ`), three planes of one shape.
public struct Measured: Sendable, Equatable {
  /// The measured values; NaN where there is none.
  public var value: Plane<Float>
  /// One standard deviation, in the unit of `value`; NaN where it is not known.
  public var error: Plane<Float>
  /// Data quality flags.
  public var quality: Plane<UInt32>

  /// An image from its three planes.
  ///
  /// - Precondition: the shapes agree.
  public init(value: Plane<Float>, error: Plane<Float>, quality: Plane<UInt32>) {
    precondition(
      value.width == error.width && value.width == quality.width && value.height == error.height
        && value.height == quality.height, "value, error and quality have different shapes")
    self.value = value
    self.error = error
    self.quality = quality
  }

  /// An image of one value, with one error and no flag.
  public init(width: Int, height: Int, repeating value: Float = 0, error: Float = 0) {
    self.init(
      value: Plane(width: width, height: height, repeating: value),
      error: Plane(width: width, height: height, repeating: error),
      quality: Plane(width: width, height: height, repeating: DQ.none))
  }

  /// Pixels in a row.
  public var width: Int { value.width }
  /// Rows.
  public var height: Int { value.height }
  /// Pixels.
  public var count: Int { value.count }

  /// The part inside `window`.
  ///
  /// - Precondition: the window lies inside the image.
  public func cropped(to window: PixelWindow) -> Measured {
    Measured(
      value: value.cropped(to: window), error: error.cropped(to: window), quality: quality.cropped(to: window)
    )
  }

  /// Whether `other` has the same width and height.
  public func hasShape(of other: Measured) -> Bool { width == other.width && height == other.height }
}
