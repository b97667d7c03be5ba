import FITSIO
import FITSStructure
import Metadata
import Pixels

/// A two-dimensional frame with its errors and flags: `IRISImageModel` of the data contract, levels 1 to 3.
///
/// `science` is float32 in `unit`; `error` is one sigma in the same unit; all planes have one shape. A raw
/// frame often has neither errors nor flags: then `error` and `quality` are nil, and whoever reduces it makes
/// them.
public struct ImageModel: Sendable {
  /// The primary header without structural keywords; repeated keywords and their order are kept.
  public var header: Header
  /// Keywords of the `SCI` extension (WCS, …) without structural ones and without `BUNIT`.
  public var scienceHeader: Header
  /// The frame, row-major with x fastest; (x, y) = (0, 0) is FITS pixel (1, 1).
  public var science: Plane<Float>
  /// The value of the frame's `BUNIT` as written in the file; `adu` when the file had none.
  public var unit: String
  /// Whether the file that this was read from said its unit.
  public var hasDeclaredUnit = true
  /// One sigma.
  public var error: Plane<Float>?
  /// Bits of `DQ`.
  public var quality: Plane<UInt32>?
  /// Which concurrently read subarray a pixel belongs to; 0 for none.
  public var subarrayMap: Plane<UInt16>?
  /// Parts of the variance, where steps could keep them apart.
  public var variancePoisson: Plane<Float>?
  public var varianceReadNoise: Plane<Float>?
  public var varianceFlat: Plane<Float>?
  /// Further planes to be written behind the others, such as `SCATTER` of a master.
  public var extraPlanes: [ExtraPlane] = []

  /// A named float32 plane with its own unit.
  public struct ExtraPlane: Sendable {
    /// `EXTNAME`, upper case.
    public var name: String
    /// `BUNIT`.
    public var unit: String
    /// The pixels.
    public var plane: Plane<Float>

    /// Creates a plane to be written as the extension `name`.
    public init(name: String, unit: String, plane: Plane<Float>) {
      self.name = name
      self.unit = unit
      self.plane = plane
    }
  }

  /// Creates a model of planes at hand.
  public init(
    header: Header, science: Plane<Float>, unit: String, error: Plane<Float>? = nil,
    quality: Plane<UInt32>? = nil, scienceHeader: Header = Header()
  ) {
    self.header = header
    self.science = science
    self.unit = unit
    self.error = error
    self.quality = quality
    self.scienceHeader = scienceHeader
  }

  /// Creates a model of a measured frame.
  public init(header: Header, measured: Measured, unit: String, scienceHeader: Header = Header()) {
    self.init(
      header: header, science: measured.value, unit: unit, error: measured.error, quality: measured.quality,
      scienceHeader: scienceHeader)
  }

  /// What the headers say about the exposure (read anew at each call).
  public var metadata: FrameMetadata {
    FrameMetadata(primary: header.cards, extensions: [scienceHeader.asImageExtension])
  }

  /// What the pixels count.
  public var pixelUnit: PixelUnit { PixelUnit(bunit: unit) }

  /// Value, error and flags in one, when the frame has all three; shares their memory.
  public var measured: Measured? {
    guard let error, let quality else { return nil }
    return Measured(value: science, error: error, quality: quality)
  }
}
