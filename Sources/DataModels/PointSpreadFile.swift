import FITSIO
import Pixels

/// PSFs from a FITS file: an image, or a cube with a table of the places in the frame that its planes are of.
public struct PointSpreadFile: Sendable {
  /// The planes, of one size.
  public let planes: [Plane<Float>]
  /// The column of each plane's place in the frame, as FITS counts pixels (from 1); empty for one plane.
  public let x: [Double]
  /// Its row.
  public let y: [Double]

  /// Reads the image called `PSF`, `SCI` or `DATA`, else the primary one, and of a cube the table `PSFPOS`
  /// with columns `X` and `Y`.
  /// - Throws: `no-image`, `psf-axes` (neither an image nor a cube), `psf-places` (no table with a row for
  ///   each plane of a cube); what reading throws.
  public init(path: String) throws(ModelError) {
    (planes, x, y) = try ModelError.wrapping(path) { try Self.read(path) }
  }

  /// What is larger is no PSF, and its header not worth the memory that it asks for.
  private static let largestSide = 4096
  private static let largestCount = 4096
  /// Pixels of all planes: a gibibyte.
  private static let largestSize = 1 << 28

  private static func read(_ path: String) throws -> ([Plane<Float>], [Double], [Double]) {
    let file = try FITSFile(reading: path)
    guard let index = try file.index(ofExtension: "PSF") ?? PlaneReader(path: path).scienceHDU(file) else {
      throw ModelError(code: "no-image", message: "the file has no image", subject: path)
    }
    let axes = try file.image(of: index).axes
    guard axes.count >= 2, axes.dropFirst(3).allSatisfy({ $0 == 1 }) else {
      throw ModelError(
        code: "psf-axes", message: "the PSF has axes \(axes) where two or three were expected", subject: path)
    }
    let count = axes.count > 2 ? axes[2] : 1
    guard (1...largestSide).contains(axes[0]), (1...largestSide).contains(axes[1]),
      (1...largestCount).contains(count), axes[0] * axes[1] * count <= largestSize
    else {
      throw ModelError(
        code: "psf-axes",
        message:
          "the PSF has axes \(axes): at most \(largestCount) planes, sides of \(largestSide) and "
          + "\(largestSize) pixels in all were expected",
        subject: path)
    }
    let planes = try (0..<count).map { k in
      try Plane<Float>(uninitializedWidth: axes[0], height: axes[1]) {
        try file.readPixels(of: index, into: $0, startingAt: k * axes[0] * axes[1])
      }
    }
    guard count > 1 else { return (planes, [], []) }
    let table = try file.index(ofExtension: "PSFPOS").map { try file.table(of: $0) }
    guard let x = table?["X"]?.doubles, let y = table?["Y"]?.doubles, x.count == count, y.count == count
    else {
      throw ModelError(
        code: "psf-places", message: "a cube of \(count) PSFs has no place for each", subject: path,
        hint: "a table PSFPOS with columns X and Y, pixels of the frame, one row for each plane")
    }
    return (planes, x, y)
  }
}
