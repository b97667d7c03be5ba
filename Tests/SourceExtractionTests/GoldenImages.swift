import FITSIO
import Foundation
import Pixels
import Testing

/// Images of a file in `Tests/Golden` by EXTNAME.
struct GoldenImages {
  private let path: String

  init(_ name: String) { path = Self.folder.appending(path: name).path }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden")

  func plane<T: FITSPixel & PixelScalar>(_ name: String) throws -> Plane<T> {
    let file = try FITSFile(reading: path)
    let hdu = try #require(try file.index(ofExtension: name), "no HDU \(name)")
    let axes = try file.image(of: hdu).axes
    return try Plane(uninitializedWidth: axes[0], height: axes[1]) { try file.readPixels(of: hdu, into: $0) }
  }
}

/// A small seeded generator (SplitMix64) with Gaussian deviates.
struct Noise {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53
  }

  mutating func gaussian() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }

  mutating func image(_ width: Int, _ height: Int, level: (Int, Int) -> Double, sigma: Double)
    -> Plane<Float>
  {
    Plane(
      width: width, height: height,
      elements: (0..<width * height).map { Float(level($0 % width, $0 / width) + sigma * gaussian()) })
  }
}
