import FITSIO
import Pixels
import ReferenceDesk

/// Counts the pixels of a reference file in bands, in bounded memory.
struct PixelCounter {
  /// Pixels of a band.
  private static let band = 1 << 20

  let path: String
  let certifier: ReferenceCertifier

  /// - Throws: `FITSError`.
  func census() throws(FITSError) -> PixelCensus {
    let file = try FITSFile(reading: path)
    var census = PixelCensus()
    let flags = certifier.imageIndex(.flags)
    guard let first = certifier.imageIndex(.value) ?? flags else { return census }
    let count = try file.image(of: first).pixelCount
    let value = try Self.same(certifier.imageIndex(.value), count, file)
    let error = try Self.same(certifier.imageIndex(.error), count, file)
    let quality = try Self.same(flags, count, file)
    var start = 0
    while start < count {
      let band = min(Self.band, count - start)
      var words: [Int64]?
      if let quality { words = try Self.read(Int64.self, file, quality, start, band) }
      if let value { Self.count(&census, try Self.read(Float.self, file, value, start, band), words) }
      if let error {
        let errors = try Self.read(Float.self, file, error, start, band)
        census.negativeErrors += errors.reduce(0) { $0 + ($1 < 0 ? 1 : 0) }
      }
      if let words { Self.count(&census, words) }
      census.pixels += band
      start += band
    }
    try file.close()
    return census
  }

  /// The HDU when it has as many pixels; another shape is told by the certifier.
  private static func same(_ hdu: Int?, _ count: Int, _ file: borrowing FITSFile) throws(FITSError) -> Int? {
    guard let hdu else { return nil }
    return try file.image(of: hdu).pixelCount == count ? hdu : nil
  }

  private static func read<T: FITSPixel & Numeric>(
    _ type: T.Type, _ file: borrowing FITSFile, _ hdu: Int, _ start: Int, _ count: Int
  ) throws(FITSError) -> [T] {
    var pixels = [T](repeating: 0, count: count)
    let result: Result<Void, FITSError> = pixels.withUnsafeMutableBufferPointer { buffer in
      do throws(FITSError) {
        return .success(try file.readPixels(of: hdu, into: buffer, startingAt: start))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
    return pixels
  }

  private static func count(_ census: inout PixelCensus, _ values: [Float], _ words: [Int64]?) {
    for i in values.indices {
      let isFlagged = words.map { $0[i] != 0 } ?? false
      if isFlagged { continue }
      if values[i].isNaN {
        census.unflaggedNaN += 1
      } else if values[i] <= 0 {
        census.unflaggedNotPositive += 1
      }
    }
  }

  private static func count(_ census: inout PixelCensus, _ words: [Int64]) {
    var byBit = [Int](repeating: 0, count: 32)
    for word in words where word != 0 {
      guard let flags = UInt32(exactly: word) else {
        census.beyondFlags += 1
        continue
      }
      if flags & DQ.doNotUse != 0 { census.unusable += 1 }
      var rest = flags
      while rest != 0 {
        byBit[rest.trailingZeroBitCount] += 1
        rest &= rest - 1
      }
    }
    for (bit, count) in byBit.enumerated() where count > 0 {
      for name in DQ.names(of: UInt32(1) << UInt32(bit)) { census.flags[name, default: 0] += count }
    }
  }
}
