/// How reads are stored: number type, order of axes, compression.
public struct RampFormat: Sendable, Hashable {
  /// The number type of the samples.
  public enum Samples: String, Sendable, Hashable, CaseIterable {
    /// 16 bits with BZERO = 32768: all that the converter can say.
    case uint16
    /// 16 bits with a sign and without BZERO: samples above 32767 end there.
    case int16
    case int32
    case float32
  }

  /// The extension and the order of its axes, slowest first.
  public enum Layout: String, Sendable, Hashable, CaseIterable {
    /// `SCI` (integration, read, y, x), counted by `NINTS` and `NGROUPS`.
    case sci
    /// `DATA` (group, read, y, x) of newer files, counted by `NGROUPS`, `NREADS` and `NFRAMES`.
    case data
    /// `DATA` (y, x, group, read), counted as `data`.
    case dataReadsFirst = "data-reads-first"
  }

  /// How the tiles of the image are compressed.
  public enum Packing: String, Sendable, Hashable, CaseIterable {
    case none, rice, gzip
  }

  public var samples = Samples.uint16
  /// Of a ramp in one file.
  public var layout = Layout.sci
  public var packing = Packing.none

  /// Unsigned 16 bits in `SCI`, not compressed.
  public init() {}
}
