import FITSIO
import FITSStructure
import Metadata

/// Where the times of a ramp's reads are looked for, in the order of the data contract: never `EXPTIME`.
enum ReadTimes {
  /// Times of (integration, read) from a header's `TGROUP`, else `TFRAME`; nil when it has neither above 0.
  static func fromHeader(_ metadata: FrameMetadata, shape: RampShape) -> (times: [[Double]], origin: String)?
  {
    spacing(metadata).map { (equallySpaced($0.seconds, shape: shape), $0.origin) }
  }

  /// Seconds between reads from `TGROUP`, else `TFRAME`; nil when neither is above 0, and for reads in two groups
  /// (MCDS, MDS), which are not equally spaced.
  static func spacing(_ metadata: FrameMetadata) -> (seconds: Double, origin: String)? {
    if let mode = metadata.readMode?.uppercased(), mode == "MCDS" || mode == "MDS" { return nil }
    for (path, origin) in [("exposure.group_time", "TGROUP"), ("exposure.frame_time", "TFRAME")] {
      if let spacing = metadata.double(path), spacing > 0, spacing.isFinite { return (spacing, origin) }
    }
    return nil
  }

  /// The first read one spacing after the reset, and so on.
  static func equallySpaced(_ spacing: Double, shape: RampShape) -> [[Double]] {
    let ramp = (0..<shape.reads).map { Double($0 + 1) * spacing }
    return Array(repeating: ramp, count: shape.integrations)
  }

  /// The table of a `TIMES` extension in seconds: (integration, read), one row standing for all ramps.
  static func table(_ file: borrowing FITSFile, path: String) throws -> [[Double]]? {
    guard let index = try file.index(ofExtension: "TIMES", version: nil) else { return nil }
    let image = try file.image(of: index)
    let axes = image.axes
    guard axes.count == 1 || (axes.count >= 2 && axes.dropFirst(2).allSatisfy { $0 == 1 }) else {
      throw ModelError(
        code: "bad-read-times", message: "TIMES has axes \(axes) where (ramps, reads) were expected",
        subject: path)
    }
    let (reads, ramps) = (axes[0], axes.count > 1 ? axes[1] : 1)
    let values = try [Double](unsafeUninitializedCapacity: reads * ramps) { buffer, count in
      try file.readPixels(of: index, into: .init(rebasing: buffer[0..<reads * ramps]), startingAt: 0)
      count = reads * ramps
    }
    let factor = secondsPerUnit(image.unit)
    return (0..<ramps).map { ramp in (0..<reads).map { values[ramp * reads + $0] * factor } }
  }

  private static func secondsPerUnit(_ unit: String?) -> Double {
    switch unit?.lowercased() ?? "s" {
    case "ms", "millisecond", "milliseconds": 1e-3
    case "us", "microsecond", "microseconds": 1e-6
    default: 1
    }
  }

  /// - Throws: `bad-read-times` when `times` do not fit `shape`, are not finite, or do not rise within a
  ///   ramp.
  static func check(_ times: [[Double]], shape: RampShape, subject: String) throws(ModelError) {
    guard times.count == shape.integrations, times.allSatisfy({ $0.count == shape.reads }) else {
      throw ModelError(
        code: "bad-read-times",
        message: "times of \(times.count) ramps with \(times.map(\.count)) reads for a ramp of \(shape)",
        subject: subject)
    }
    for ramp in times {
      let rises = zip(ramp, ramp.dropFirst()).allSatisfy { $0 < $1 }
      guard rises, ramp.allSatisfy(\.isFinite) else {
        throw ModelError(
          code: "bad-read-times", message: "the times of the reads do not rise within a ramp: \(ramp)",
          subject: subject)
      }
    }
  }
}
