/// Some rows of the ramps of one exposure, on their way through the readout steps.
///
/// A ramp of sixteen reads of a whole detector fills half a gigabyte; in bands it goes through all steps and the fit
/// while it is in the processor's caches. The kernels of the readout steps change a band in place, and treat each of
/// its pixels alone unless they say otherwise. They call `forEachRowBand`, so that a whole ramp given as one band is
/// worked on by all cores and a small band by the caller's thread.
public struct RampBand: Sendable, Equatable {
  /// The reads in data numbers, (integration, read, y, x).
  public var samples: Ramp<Float>
  /// Flags of each read (`GROUPDQ`, the low 8 bits of the table of flags); of the shape of `samples`.
  public var groupQuality: Ramp<UInt8>
  /// Flags of each pixel (`PIXELDQ`).
  public var pixelQuality: Plane<UInt32>

  /// A band of the given reads and flags; flags that are not given are 0.
  ///
  /// - Precondition: the shapes agree.
  public init(
    samples: Ramp<Float>, groupQuality: Ramp<UInt8>? = nil, pixelQuality: Plane<UInt32>? = nil
  ) {
    self.samples = samples
    self.groupQuality =
      groupQuality
      ?? Ramp(
        integrations: samples.integrations, reads: samples.reads, height: samples.height,
        width: samples.width, repeating: 0)
    self.pixelQuality =
      pixelQuality ?? Plane(width: samples.width, height: samples.height, repeating: DQ.none)
    precondition(
      self.groupQuality.count == samples.count && self.groupQuality.reads == samples.reads,
      "group flags of another shape")
    precondition(
      self.pixelQuality.width == samples.width && self.pixelQuality.height == samples.height,
      "pixel flags of another shape")
  }

  /// Ramps between resets.
  public var integrations: Int { samples.integrations }
  /// Reads in each integration.
  public var reads: Int { samples.reads }
  /// Rows of the band.
  public var height: Int { samples.height }
  /// Pixels in a row.
  public var width: Int { samples.width }

  /// Some rows of the band.
  ///
  /// - Precondition: the rows are the band's.
  public func cropped(to rows: Range<Int>) -> RampBand {
    cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: width, height: rows.count))
  }

  /// A part of the band.
  ///
  /// - Precondition: it lies in the band.
  public func cropped(to part: PixelWindow) -> RampBand {
    RampBand(
      samples: samples.cropped(to: part), groupQuality: groupQuality.cropped(to: part),
      pixelQuality: pixelQuality.cropped(to: part))
  }
}
