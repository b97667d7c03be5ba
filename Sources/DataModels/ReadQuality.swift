import FITSIO
import FITSStructure

/// A number for each read of an exposure that says how good it is: the seeing, the state of the adaptive optics' loop.
///
/// In a file that holds whole ramps it is an image extension (ramp, read), one row standing for all ramps; in an exposure
/// of one file per readout it is a keyword of each.
public struct ReadQuality: Sendable, Equatable {
  /// By integration and read from 0; nil where a readout does not say or there is none.
  public let values: [[Double?]]

  /// The numbers named `name` of the exposure that `paths` hold; nil when there are none.
  ///
  /// - Parameter shape: of the ramp that the same files make.
  /// - Throws: `bad-read-quality` when the extension has another shape, or the error of the FITS layer.
  public init?(named name: String, in paths: [String], shape: RampShape) throws(ModelError) {
    guard let first = paths.first else { return nil }
    let found = try ModelError.wrapping(first) {
      try paths.count == 1
        ? Self.table(name, first, shape) ?? Self.keywords(name, paths, shape)
        : Self.keywords(name, paths, shape)
    }
    guard let found, found.contains(where: { $0.contains { $0 != nil } }) else { return nil }
    values = found
  }

  private static func table(_ name: String, _ path: String, _ shape: RampShape) throws -> [[Double?]]? {
    let file = try FITSFile(reading: path)
    guard let index = try file.index(ofExtension: name, version: nil) else { return nil }
    let axes = try file.image(of: index).axes
    let (reads, ramps) = (axes.first ?? 0, axes.count > 1 ? axes[1] : 1)
    guard reads == shape.reads, ramps == 1 || ramps == shape.integrations,
      axes.dropFirst(2).allSatisfy({ $0 == 1 })
    else {
      throw ModelError(
        code: "bad-read-quality",
        message: "\(name) has axes \(axes) for \(shape.integrations) x \(reads) reads",
        subject: path)
    }
    let numbers = try [Double](unsafeUninitializedCapacity: reads * ramps) { buffer, count in
      try file.readPixels(of: index, into: .init(rebasing: buffer[0..<reads * ramps]), startingAt: 0)
      count = reads * ramps
    }
    return (0..<shape.integrations).map { ramp in
      let start = ramps == 1 ? 0 : ramp * reads
      return numbers[start..<start + reads].map { $0.isNaN ? nil : $0 }
    }
  }

  /// Readouts are placed as `RampSource` does: by `RAMP_NO` and `READ_NO` in their order.
  private static func keywords(_ name: String, _ paths: [String], _ shape: RampShape) throws -> [[Double?]]? {
    let headers = try paths.map { path in
      let file = try FITSFile(reading: path)
      return Header(try file.cards(of: 0))
    }
    let places = headers.map { ($0.integer("RAMP_NO"), $0.integer("READ_NO")) }
    let ramps = Array(Set(places.compactMap(\.0))).sorted()
    let reads = Array(Set(places.compactMap(\.1))).sorted()
    guard ramps.count == shape.integrations, reads.count == shape.reads else { return nil }
    var values = [[Double?]](
      repeating: [Double?](repeating: nil, count: shape.reads), count: shape.integrations)
    for (header, place) in zip(headers, places) {
      guard let ramp = place.0.flatMap({ ramps.firstIndex(of: $0) }),
        let read = place.1.flatMap({ reads.firstIndex(of: $0) })
      else { continue }
      values[ramp][read] = header.double(name).flatMap { $0.isNaN ? nil : $0 }
    }
    return values
  }
}
