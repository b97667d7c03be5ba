import FITSIO
import FITSStructure
import Pixels
import Synchronization

/// The image of a frame in its file: shape and headers known, pixels read by rows.
///
/// Reads `SCI` or `DATA` (or a primary image), `ERR` and `DQ` of any integer width.
///
/// `@unchecked Sendable` is safe: all is constant but the open file, which is used under `lock` only.
package final class FrameSource: @unchecked Sendable {
  package let path: String
  package let primary: Header
  package let scienceHeader: Header
  package let width: Int
  package let height: Int
  package let unit: String?
  package let hasError: Bool
  package let hasQuality: Bool
  /// Headers of all extensions, for the metadata.
  package let extensions: [[Card]]
  private let science: Int
  private let error: Int?
  private let quality: Int?
  private let subarrayMap: Int?
  /// BITPIX of unscaled signed flags; 0 for those that read as unsigned numbers.
  private let qualityType: Int
  private let lock = Mutex(())
  private let file: FITSFile

  /// Opens the file and reads its headers.
  /// - Parameter cards: put over those of the primary header.
  /// - Throws: `FITSError` when it is no readable FITS file, `EngineError` when it holds no image.
  package init(path: String, cards: [Card] = []) throws {
    self.path = path
    let file = try FITSFile(reading: path)
    let layout = try FrameLayout(file, path: path)
    var header = Header(withoutStructure: layout.cards[0])
    for card in cards {
      if let value = card.value { header.set(card.keyword, value, comment: card.comment) }
    }
    primary = header
    extensions = Array(layout.cards.dropFirst())
    scienceHeader = layout.science == 0 ? Header() : Header(withoutStructure: layout.cards[layout.science])
    width = layout.width
    height = layout.height
    unit = try file.image(of: layout.science).unit
    science = layout.science
    error = layout.error
    quality = layout.quality
    subarrayMap = layout.subarrayMap
    qualityType = try layout.quality.map { try Self.signedType(file.image(of: $0), path: path) } ?? 0
    hasError = layout.error != nil
    hasQuality = layout.quality != nil
    self.file = consume file
  }

  private static func signedType(_ image: ImageHDU, path: String) throws -> Int {
    guard image.bitpix > 0 else {
      throw EngineError(
        "bad-quality-type", "DQ holds floating-point numbers and must hold integers", subject: path)
    }
    return image.scaled || image.bitpix == 8 ? 0 : image.bitpix
  }

  /// Values, errors and flags of some rows; NaN errors where the file has none, flags 0 where it has none.
  package func read(_ rows: Range<Int>) throws -> Measured {
    let value: Plane<Float> = try plane(science, rows)
    let errors: Plane<Float> =
      try error.map { try plane($0, rows) }
      ?? Plane(width: width, height: rows.count, repeating: .nan)
    let marks: Plane<UInt32> =
      try quality.map { try flags($0, rows) } ?? Plane(width: width, height: rows.count, repeating: 0)
    return Measured(value: value, error: errors, quality: marks)
  }

  /// Values and flags of the whole image, for who needs no errors.
  package func readImage() throws -> (value: Plane<Float>, quality: Plane<UInt32>?) {
    try readImage(0..<height)
  }

  /// The same of some rows.
  package func readImage(_ rows: Range<Int>) throws -> (value: Plane<Float>, quality: Plane<UInt32>?) {
    (try plane(science, rows), try quality.map { try flags($0, rows) })
  }

  /// The map of subarrays, when there is one.
  package func readSubarrayMap() throws -> Plane<UInt16>? {
    try subarrayMap.map { try plane($0, 0..<height) }
  }

  /// Flags of any integer width; negative numbers of a signed type are bit patterns.
  private func flags(_ hdu: Int, _ rows: Range<Int>) throws -> Plane<UInt32> {
    switch qualityType {
    case 16: try (plane(hdu, rows) as Plane<Int16>).map { UInt32(UInt16(bitPattern: $0)) }
    case 32: try (plane(hdu, rows) as Plane<Int32>).map { UInt32(bitPattern: $0) }
    case 64: try (plane(hdu, rows) as Plane<Int64>).map { UInt32(truncatingIfNeeded: $0) }
    default: try plane(hdu, rows)
    }
  }

  private func plane<T: FITSPixel & PixelScalar>(_ hdu: Int, _ rows: Range<Int>) throws -> Plane<T> {
    try Plane<T>(uninitializedWidth: width, height: rows.count) { buffer in
      try lock.withLock { _ in
        try file.readPixels(of: hdu, into: buffer, startingAt: rows.lowerBound * width)
      }
    }
  }
}
