import Astrometry
import Foundation

/// Numbers by splitmix64, the same on every machine.
struct Dice {
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

  mutating func place(_ width: Double, _ height: Double) -> PixelPosition {
    PixelPosition(x: width * uniform(), y: height * uniform())
  }

  mutating func scattered(_ p: PixelPosition, _ sigma: Double) -> PixelPosition {
    PixelPosition(x: p.x + sigma * gaussian(), y: p.y + sigma * gaussian())
  }
}

/// Root mean square of both coordinates of differences.
func rms(_ differences: [PixelPosition]) -> Double {
  (differences.reduce(0) { $0 + $1.x * $1.x + $1.y * $1.y } / Double(2 * differences.count)).squareRoot()
}

/// `a - b`.
func difference(_ a: PixelPosition, _ b: PixelPosition) -> PixelPosition {
  PixelPosition(x: a.x - b.x, y: a.y - b.y)
}
