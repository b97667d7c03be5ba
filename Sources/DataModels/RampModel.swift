import FITSIO
import FITSStructure
import Metadata
import Pixels

/// Ramps of one exposure at level 0: `TMTRampModel` of the data contract.
///
/// Samples are (integration, read, y, x) in the integer type of the file where that is possible. Times are
/// seconds since the reset of each integration. Slow newer layouts are turned into this one on reading.
public struct RampModel: Sendable {
  /// The reads, in the type of the file: unsigned 8 and 16 bits as `uint16`, signed 16 and 32 bits as
  /// `int32`, everything else as `float32`.
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
  /// Seconds of (integration, read) since the reset; nil when the file does not say: see `requiredTimes`.
  public var times: [[Double]]?
  /// Where `times` come from: `TIMES`, `READTIME-RST_TIME`, `TGROUP`, `TFRAME`, `read_spacing` or `none`.
  public var timesOrigin: String
  /// Flags of each read (`GROUPDQ`): the low 8 bits of the table of flags.
  public var groupQuality: Ramp<UInt8>?
  /// Flags of each pixel (`PIXELDQ`).
  public var pixelQuality: Plane<UInt32>?
  /// Reads that were declared but are missing or incomplete, one sentence each; empty when all are there.
  public var missingReads: [String] = []

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

  /// What the headers say about the exposure (read anew at each call).
  public var metadata: FrameMetadata {
    FrameMetadata(primary: header.cards, extensions: [scienceHeader.asImageExtension])
  }

  /// Integrations (ramps), reads of each, and the detector window's height and width.
  public var shape: RampShape {
    switch samples {
    case .uint16(let ramp): RampShape(ramp)
    case .int32(let ramp): RampShape(ramp)
    case .float32(let ramp): RampShape(ramp)
    }
  }

  /// The read times, else `readSpacing` seconds apart, with where they come from.
  ///
  /// - Throws: `missing-read-times` naming every place that was looked at; `bad-read-times` when they do not
  ///   rise.
  public func requiredTimes(
    readSpacing: Double? = nil
  ) throws(ModelError) -> (times: [[Double]], origin: String) {
    let name = header.string("FILENAME") ?? "ramp"
    if let times {
      try ReadTimes.check(times, shape: shape, subject: name)
      return (times, timesOrigin)
    }
    guard let readSpacing, readSpacing > 0 else {
      throw ModelError(
        code: "missing-read-times",
        message:
          "the times of the reads are missing: there is no TIMES extension, no READTIME and RST_TIME, no "
          + "TGROUP or TFRAME, and no read_spacing was given", subject: name,
        hint: "give the seconds between reads: --set ramp_fit.read_spacing=SECONDS")
    }
    return (ReadTimes.equallySpaced(readSpacing, shape: shape), "read_spacing")
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
