import FITSIO
import Foundation

/// Positions of stars from a catalog file: a FITS table or comma-separated text with columns `RA` and `DEC`
/// in degrees.
public struct StarPositions: Sendable {
  /// Degrees.
  public let ra: [Double]
  public let dec: [Double]

  /// Reads the first table of a FITS file that has both columns, else comma-separated text; columns go by
  /// `RA`, `RA_ICRS`, `RAJ2000` or `RA_DEG` and the like of `DEC`, in any case.
  /// - Throws: `no-star-columns` without them, one number in each row; what reading throws.
  public init(path: String) throws(ModelError) {
    let isText = ["csv", "ecsv", "txt"].contains((path as NSString).pathExtension.lowercased())
    let found = isText ? try Self.text(path) : try Self.table(path)
    guard let found, !found.ra.isEmpty else {
      throw ModelError(
        code: "no-star-columns", message: "the catalog has no rows with columns RA and DEC", subject: path,
        hint: "a FITS table or comma-separated text with RA and DEC in degrees")
    }
    let good = found.ra.indices.filter { found.ra[$0].isFinite && abs(found.dec[$0]) <= 90 }
    ra = good.map { found.ra[$0] }
    dec = good.map { found.dec[$0] }
  }

  private static let pairs = [
    ("RA", "DEC"), ("RA_ICRS", "DE_ICRS"), ("RAJ2000", "DEJ2000"), ("RA_DEG", "DEC_DEG"),
    ("ALPHA_J2000", "DELTA_J2000"),
  ]

  private static func text(_ path: String) throws(ModelError) -> (ra: [Double], dec: [Double])? {
    let rows = try DelimitedRows(path: path)
    for pair in pairs {
      if let ra = try rows.numbers(pair.0), let dec = try rows.numbers(pair.1) { return (ra, dec) }
    }
    return nil
  }

  private static func table(_ path: String) throws(ModelError) -> (ra: [Double], dec: [Double])? {
    try ModelError.wrapping(path) {
      let file = try FITSFile(reading: path)
      for index in 1..<max(try file.hduCount(), 2) {
        // An image is no table.
        guard let table = try? file.table(of: index) else { continue }
        for pair in pairs {
          // Columns of several numbers a row are no positions.
          if let ra = table[pair.0]?.doubles, let dec = table[pair.1]?.doubles, ra.count == table.rowCount,
            dec.count == table.rowCount
          {
            return (ra, dec)
          }
        }
      }
      return nil
    }
  }
}
