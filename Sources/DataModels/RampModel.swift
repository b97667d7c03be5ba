import FITSIO
import FITSStructure
import Metadata
import Pixels

/// Ramps of one exposure in memory, to be written: `TMTRampModel` of the data contract. `RampSource` reads them.
///
/// Samples are (integration, read, y, x). Times are seconds since the reset of each integration.
public struct RampModel: Sendable {
  /// The reads, in the type that the file is to have.
  public enum Samples: Sendable, Equatable {
    case uint16(Ramp<UInt16>)
    case int32(Ramp<Int32>)
    case float32(Ramp<Float>)
  }

  /// The primary header without structural keywords.
  public var header: Header
  /// Keywords of the `SCI` extension without structural ones and without `BUNIT`.
  public var scienceHeader: Header
  /// The reads.
  public var samples: Samples
  /// The value of `BUNIT`; `adu` when the file had none.
  public var unit: String
  /// Seconds of (integration, read) since the reset; nil when they are not known.
  public var times: [[Double]]?
  /// Where `times` come from: `TIMES`, `READTIME-RST_TIME`, `TGROUP`, `TFRAME`, `read_spacing` or `none`.
  public var timesOrigin: String
  /// Flags of each read (`GROUPDQ`): the low 8 bits of the table of flags.
  public var groupQuality: Ramp<UInt8>?
  /// Flags of each pixel (`PIXELDQ`).
  public var pixelQuality: Plane<UInt32>?

  /// Creates a model of reads at hand.
  ///
  /// - Parameter times: seconds of (integration, read) since the reset.
  public init(
    header: Header, samples: Samples, unit: String = "adu", times: [[Double]]?, timesOrigin: String = "TIMES",
    scienceHeader: Header = Header()
  ) {
    self.header = header
    self.samples = samples
    self.unit = unit
    self.times = times
    self.timesOrigin = times == nil ? "none" : timesOrigin
    self.scienceHeader = scienceHeader
  }

  /// Integrations (ramps), reads of each, and the detector window's height and width.
  public var shape: RampShape {
    switch samples {
    case .uint16(let ramp): RampShape(ramp)
    case .int32(let ramp): RampShape(ramp)
    case .float32(let ramp): RampShape(ramp)
    }
  }
}

/// The lengths of a ramp's axes.
public struct RampShape: Sendable, Hashable, CustomStringConvertible {
  /// Ramps, reads per ramp, rows, columns.
  public let integrations: Int
  public let reads: Int
  public let height: Int
  public let width: Int

  /// Creates a shape.
  public init(integrations: Int, reads: Int, height: Int, width: Int) {
    self.integrations = integrations
    self.reads = reads
    self.height = height
    self.width = width
  }

  init<T>(_ ramp: Ramp<T>) {
    self.init(integrations: ramp.integrations, reads: ramp.reads, height: ramp.height, width: ramp.width)
  }

  /// `1 x 6 x 512 x 512`: integrations, reads, rows, columns.
  public var description: String { "\(integrations) x \(reads) x \(height) x \(width)" }
}
