/// What an image HDU holds, tile-compressed ones included.
public struct ImageHDU: Sendable, Hashable {
  /// Lengths of the axes, `NAXIS1` (fastest) first; empty without data.
  public let axes: [Int]
  /// `BITPIX` of the image (`ZBITPIX` when compressed).
  public let bitpix: Int
  /// The type that holds every value once BZERO and BSCALE are applied.
  public let storedType: PixelType
  /// True when BSCALE or BZERO change the stored numbers, the unsigned conventions included.
  public let scaled: Bool
  /// `BUNIT`, or `nil`.
  public let unit: String?
  /// A tile-compressed image in a binary table.
  public let isCompressed: Bool
  /// `BSCALE`, or 1.
  public let bscale: Double
  /// `BZERO`, or 0.
  public let bzero: Double
  /// `BLANK` (`ZBLANK`): the stored number that means "no value"; only of integer images.
  public let blank: Int64?

  /// Pixels in the image; 0 without axes.
  public var pixelCount: Int { axes.isEmpty ? 0 : axes.reduce(1, *) }
}
