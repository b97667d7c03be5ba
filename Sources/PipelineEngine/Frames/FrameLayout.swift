import FITSIO
import FITSStructure

/// Which HDU of a file is which plane of a frame.
struct FrameLayout {
  let cards: [[Card]]
  let science: Int
  let error: Int?
  let quality: Int?
  let subarrayMap: Int?
  let width: Int
  let height: Int

  /// - Throws: `EngineError` `no-image`, `wrong-dimensions`.
  init(_ file: borrowing FITSFile, path: String) throws {
    var cards: [[Card]] = []
    for hdu in 0..<(try file.hduCount()) { cards.append(try file.cards(of: hdu)) }
    self.cards = cards
    var named = try file.index(ofExtension: "SCI") ?? file.index(ofExtension: "DATA")
    if try named == nil && file.image(of: 0).axes.isEmpty { named = try file.index(ofExtension: "DQ") }
    science = named ?? 0
    let full = try file.image(of: science).axes
    guard !full.isEmpty, full.count < 3 || full[2...].allSatisfy({ $0 == 1 }), full.count >= 2 else {
      throw EngineError(
        full.isEmpty ? "no-image" : "wrong-dimensions",
        full.isEmpty
          ? "the file has no SCI or DATA image"
          : "the image has \(full.count) axes (\(full.map(String.init).joined(separator: " x "))) and must have 2",
        subject: path, hint: full.count > 2 ? "tmtrun readout reduces ramps" : nil)
    }
    width = full[0]
    height = full[1]
    error = try Self.plane("ERR", of: file, like: full, path: path)
    quality = try Self.plane("DQ", of: file, like: full, path: path)
    subarrayMap = try Self.plane("SUBARR_MAP", of: file, like: full, path: path)
  }

  private static func plane(
    _ name: String, of file: borrowing FITSFile, like axes: [Int], path: String
  ) throws -> Int? {
    guard let hdu = try file.index(ofExtension: name) else { return nil }
    let own = try file.image(of: hdu).axes
    guard own == axes else {
      throw EngineError(
        "wrong-dimensions",
        "\(name) is \(own.map(String.init).joined(separator: " x ")) and the science image "
          + axes.map(String.init).joined(separator: " x "), subject: path)
    }
    return hdu
  }
}
