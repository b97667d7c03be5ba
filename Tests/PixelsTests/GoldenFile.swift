import Foundation
import Testing

/// The images of a golden FITS file by EXTNAME, as doubles in row-major order: a test-only reader of plain
/// FITS.
struct GoldenFile {
  struct Image {
    let shape: [Int]  // slowest axis first
    let pixels: [Double]
    var floats: [Float] { pixels.map { Float($0) } }
    var flags: [UInt32] { pixels.map { UInt32($0) } }
  }

  private let images: [String: Image]

  init(_ name: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    try self.init(at: folder.appending(path: "Golden/\(name)"))
  }

  init(at url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    var images: [String: Image] = [:]
    var offset = 0
    while offset < bytes.count {
      let cards = Self.header(bytes, &offset)
      let shape = (0..<(Int(cards["NAXIS"] ?? "0") ?? 0)).reversed().map {
        Int(cards["NAXIS\($0 + 1)"] ?? "0") ?? 0
      }
      guard !shape.isEmpty else { continue }
      let count = shape.reduce(1, *)
      let bitpix = Int(cards["BITPIX"] ?? "0") ?? 0
      let size = abs(bitpix) / 8
      let zero = Double(cards["BZERO"] ?? "0") ?? 0
      let pixels = (0..<count).map { Self.value(bytes, offset + $0 * size, bitpix) + zero }
      images[cards["EXTNAME"] ?? ""] = Image(shape: shape, pixels: pixels)
      offset += (count * size + 2879) / 2880 * 2880
    }
    self.images = images
  }

  func image(_ name: String) throws -> Image { try #require(images[name], "no HDU \(name)") }

  private static func header(_ bytes: [UInt8], _ offset: inout Int) -> [String: String] {
    var cards: [String: String] = [:]
    while offset < bytes.count {
      let block = bytes[offset..<offset + 2880]
      offset += 2880
      for start in stride(from: block.startIndex, to: block.endIndex, by: 80) {
        let card = String(decoding: block[start..<start + 80], as: UTF8.self)
        let keyword = card.prefix(8).trimmingCharacters(in: .whitespaces)
        if keyword == "END" { return cards }
        guard card.dropFirst(8).hasPrefix("= ") else { continue }
        let value = card.dropFirst(10).split(separator: "/", omittingEmptySubsequences: false)[0]
        cards[keyword] = value.trimmingCharacters(in: CharacterSet(charactersIn: "' "))
      }
    }
    return cards
  }

  private static func value(_ bytes: [UInt8], _ at: Int, _ bitpix: Int) -> Double {
    let size = abs(bitpix) / 8
    let word = bytes[at..<at + size].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    switch bitpix {
    case 8: return Double(word)
    case 16: return Double(Int16(truncatingIfNeeded: word))
    case 32: return Double(Int32(truncatingIfNeeded: word))
    case -32: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
    default: return Double(bitPattern: word)
    }
  }
}

/// How far two lists of numbers are apart: the largest difference relative to the second; NaN equals NaN.
func largestDifference(_ a: [Double], _ b: [Double], floor: Double = 0) -> Double {
  guard a.count == b.count else { return .infinity }
  var largest = 0.0
  for (x, y) in zip(a, b) where !(x.isNaN && y.isNaN) {
    if x.isNaN || y.isNaN { return .infinity }
    if x == y { continue }
    largest = max(largest, abs(x - y) / max(abs(y), floor))
  }
  return largest
}

extension Array where Element == Float {
  var doubles: [Double] { map { Double($0) } }
}
