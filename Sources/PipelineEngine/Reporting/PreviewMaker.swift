import JobContract
import Pixels

/// Draws a quick-look picture of a product; handed in by the executable, since the engine draws nothing itself.
public struct PreviewMaker: Sendable {
  /// Ending of the picture's file, e.g. `png`.
  public let fileExtension: String
  /// The picture of an image as a file's bytes, given the bare name of its file and its unit.
  public let draw: Draw

  /// Draws a picture of an image and its flags; file name and unit are for its caption.
  public typealias Draw =
    @Sendable (
      _ value: Plane<Float>, _ quality: Plane<UInt32>?, _ fileName: String, _ unit: String
    ) throws -> [UInt8]

  public init(fileExtension: String, draw: @escaping Draw) {
    self.fileExtension = fileExtension
    self.draw = draw
  }

  /// Bare name of the picture that lies beside a product: its stem (`.fits` and `.fits.gz` taken off) and the ending.
  public func fileName(besides product: String) -> String {
    var stem = product[...]
    for ending in [".gz", ".fits", ".fit"] where stem.hasSuffix(ending) { stem = stem.dropLast(ending.count) }
    return "\(stem).\(fileExtension)"
  }

  /// Draws an image and writes the picture, whole or not at all.
  ///
  /// - Parameter replacing: whether a picture that is there makes way; else it is an error.
  /// - Throws: `EngineError` `write-failed`, and what `draw` throws.
  package func write(
    _ value: Plane<Float>, _ quality: Plane<UInt32>?, of product: String, unit: String, in directory: String,
    replacing: Bool = false
  ) throws -> PreviewReport {
    let bytes = try draw(value, quality, product, unit)
    let name = fileName(besides: product)
    try AtomicFile.write(bytes, to: name, in: directory, what: "the preview", replacing: replacing)
    var hash = ContentHash()
    bytes.withUnsafeBytes { hash.update($0) }
    return PreviewReport(fileName: name, sha256: hash.hexadecimal, bytes: hash.bytes)
  }
}
