import Pixels

/// A source as SExtractor describes it; positions count pixels from 0 at the centre of the first.
public struct Source: Sendable, Equatable {
  /// Barycentre.
  public var x: Double
  /// Barycentre.
  public var y: Double
  /// Standard deviation of the light along the major axis, pixels.
  public var semiMajor: Float
  /// Along the minor axis.
  public var semiMinor: Float
  /// Angle of the major axis from +x towards +y, radians.
  public var angle: Float
  /// Sum of its pixels, in the unit of the image; those above the threshold only.
  public var flux: Float
  /// Its highest pixel.
  public var peak: Float
  /// How many pixels belong to it.
  public var pixelCount: Int
  /// The rectangle that holds them.
  public var bounds: PixelWindow
  /// Bits of ``Flag``.
  public var flags: Int

  /// What is special about a source.
  public enum Flag {
    /// It was separated from a neighbour.
    public static let merged = 1
    /// It touches the edge of the image.
    public static let truncated = 2
    /// Its light lies on one line: the ellipse says little.
    public static let singular = 8
  }
}

/// The sources of an image, and which pixels belong to each.
public struct SourceCatalog: Sendable, Equatable {
  /// In the order in which they were found.
  public var sources: [Source]
  /// 0 where there is no source, else the source's index + 1.
  public var segmentation: Plane<Int32>

  /// The pixels of all sources.
  public var mask: PixelMask { PixelMask(nonZero: segmentation) }
}
