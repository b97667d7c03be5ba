import Glibc

/// The ziggurat of 256 layers for the normal distribution (Marsaglia & Tsang 2000, with the fix of Doornik
/// 2005: layer and position come from different bits).
struct GaussianDeviates: Sendable {
  private let edges: [Double]
  private let heights: [Double]
  private static let tail = 3.654_152_885_361_009
  private static let layerArea = 0.004_928_673_233_974_655_3

  /// The one table; it holds no state.
  static let standard = GaussianDeviates()

  private init() {
    let density: (Double) -> Double = { exp(-0.5 * $0 * $0) }
    var x = [Double](repeating: 0, count: 257)
    x[0] = Self.layerArea / density(Self.tail)
    x[1] = Self.tail
    for layer in 2..<256 {
      x[layer] = (-2 * log(Self.layerArea / x[layer - 1] + density(x[layer - 1]))).squareRoot()
    }
    edges = x
    heights = x.map(density)
  }

  /// Gives `body` a source of normal deviates with the table's storage at hand.
  func withSource<R>(_ body: (borrowing Source) throws -> R) rethrows -> R {
    try edges.withUnsafeBufferPointer { edges in
      try heights.withUnsafeBufferPointer { heights in
        try body(Source(edges: edges, heights: heights))
      }
    }
  }

  /// Draws deviates; valid only inside `withSource`.
  struct Source: ~Copyable {
    fileprivate let edges: UnsafeBufferPointer<Double>
    fileprivate let heights: UnsafeBufferPointer<Double>

    /// A deviate with mean 0 and variance 1.
    @inline(__always) func next(_ random: inout RandomStream) -> Double {
      while true {
        let bits = random.next()
        let layer = Int(bits & 255)
        let position = Double(Int64(bitPattern: bits) &>> 11) * 0x1p-52
        let x = position * edges[layer]
        if abs(x) < edges[layer + 1] { return x }
        if let found = slowly(layer, x, &random) { return found }
      }
    }

    @inline(never) private func slowly(_ layer: Int, _ x: Double, _ random: inout RandomStream) -> Double? {
      if layer == 0 { return tail(negative: x < 0, &random) }
      let height = heights[layer] + random.uniform() * (heights[layer + 1] - heights[layer])
      return height < exp(-0.5 * x * x) ? x : nil
    }

    private func tail(negative: Bool, _ random: inout RandomStream) -> Double {
      while true {
        let x = -log(1 - random.uniform()) / GaussianDeviates.tail
        let y = -log(1 - random.uniform())
        if 2 * y >= x * x { return negative ? -(GaussianDeviates.tail + x) : GaussianDeviates.tail + x }
      }
    }
  }
}

/// One normal deviate of mean 0 and variance 1.
package func normalDeviate(_ random: inout RandomStream) -> Double {
  GaussianDeviates.standard.withSource { $0.next(&random) }
}
