import Glibc

/// Weights of the six pixels around a place by Lanczos's function of order 3, `sinc(x) sinc(x / 3)`, normalised to the sum 1:
/// a flat image stays flat.
struct LanczosTable: Sendable {
  /// Steps between two pixels; weights between are interpolated, to 2e-6.
  static let steps = 1024
  private let weights: [SIMD8<Float>]

  init() {
    weights = (0...Self.steps).map { Self.weights(at: Double($0) / Double(Self.steps)) }
  }

  /// Weights of the pixels -2…3 for a place `fraction` beyond pixel 0.
  static func weights(at fraction: Double) -> SIMD8<Float> {
    var raw = [Double](repeating: 0, count: 8)
    for k in 0..<6 {
      let x = fraction - Double(k - 2)
      let t = Double.pi * x
      raw[k] = abs(x) < 1e-12 ? 1 : abs(x) >= 3 ? 0 : 3 * sin(t) * sin(t / 3) / (t * t)
    }
    let sum = raw.reduce(0, +)
    return SIMD8(raw.map { Float($0 / sum) })
  }

  @inline(__always)
  func withWeights<R>(_ body: (UnsafePointer<SIMD8<Float>>) -> R) -> R {
    weights.withUnsafeBufferPointer { body($0.baseAddress.unsafelyUnwrapped) }
  }
}

/// The weights at a fraction of a pixel from a table's memory.
@inline(__always)
func lanczosWeights(_ table: UnsafePointer<SIMD8<Float>>, _ fraction: Double) -> SIMD8<Float> {
  let place = fraction * Double(LanczosTable.steps)
  let step = min(Int(place), LanczosTable.steps - 1)
  let t = Float(place - Double(step))
  return table[step] + t * (table[step + 1] - table[step])
}
