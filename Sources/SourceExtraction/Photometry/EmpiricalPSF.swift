import Foundation

/// The image of a point source as pixels see it (the effective PSF of Anderson & King 2000), known on a grid finer than
/// the pixels: what share of a star's light a pixel holds whose centre lies at an offset from the star.
public struct EmpiricalPSF: Sendable, Equatable {
  /// Grid points along one pixel.
  public let oversampling: Int
  /// The grid reaches this many pixels from the centre; beyond it is 0.
  public let radius: Int
  /// Points along one side: `2 * radius * oversampling + 1`.
  public let side: Int
  /// Shares of light, row by row, the star in the middle.
  public internal(set) var grid: [Double]

  /// A PSF from its values.
  /// - Parameter body: the share of light of a pixel at an offset (pixels).
  public init(oversampling: Int, radius: Int, _ body: (_ dx: Double, _ dy: Double) -> Double) {
    precondition(oversampling > 0 && radius > 0, "a PSF of \(radius) pixels x \(oversampling)")
    self.oversampling = oversampling
    self.radius = radius
    side = 2 * radius * oversampling + 1
    let (half, step) = (radius * oversampling, 1 / Double(oversampling))
    var grid: [Double] = []
    grid.reserveCapacity(side * side)
    for j in 0..<side {
      for i in 0..<side { grid.append(body(Double(i - half) * step, Double(j - half) * step)) }
    }
    self.grid = grid
  }

  /// The share of light of a pixel at an offset from the star, and its derivatives with the offset: cubic convolution
  /// (Keys 1981) over 4 x 4 points.
  @inline(__always)
  func sample(_ grid: UnsafePointer<Double>, _ dx: Double, _ dy: Double)
    -> (value: Double, dx: Double, dy: Double)
  {
    let half = Double(radius * oversampling)
    let (u, v) = (dx * Double(oversampling) + half, dy * Double(oversampling) + half)
    let (i, j) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
    guard i >= 1, j >= 1, i < side - 2, j < side - 2 else { return (0, 0, 0) }
    let (wx, gx) = Self.weights(u - Double(i))
    let (wy, gy) = Self.weights(v - Double(j))
    var (value, slopeX, slopeY) = (0.0, 0.0, 0.0)
    for row in 0..<4 {
      let line = grid + ((j - 1 + row) * side + i - 1)
      let sum = wx[0] * line[0] + wx[1] * line[1] + wx[2] * line[2] + wx[3] * line[3]
      let slope = gx[0] * line[0] + gx[1] * line[1] + gx[2] * line[2] + gx[3] * line[3]
      value += wy[row] * sum
      slopeX += wy[row] * slope
      slopeY += gy[row] * sum
    }
    return (value, slopeX * Double(oversampling), slopeY * Double(oversampling))
  }

  /// Weights of the four points about a share `t` of the way between the middle two, and their derivatives.
  @inline(__always)
  private static func weights(_ t: Double) -> (SIMD4<Double>, SIMD4<Double>) {
    let t2 = t * t
    let t3 = t2 * t
    let value = SIMD4(
      -0.5 * t + t2 - 0.5 * t3, 1 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3)
    let slope = SIMD4(
      -0.5 + 2 * t - 1.5 * t2, -5 * t + 4.5 * t2, 0.5 + 4 * t - 4.5 * t2, -t + 1.5 * t2)
    return (value, slope)
  }

  /// The share of light of a pixel at an offset from the star.
  public func value(dx: Double, dy: Double) -> Double {
    grid.withUnsafeBufferPointer { $0.baseAddress.map { sample($0, dx, dy).value } ?? 0 }
  }

  /// All light of the grid, which is the sum over pixels whatever the place of the star between them.
  public var sum: Double { grid.reduce(0, +) / Double(oversampling * oversampling) }

  /// The same shape with its light multiplied.
  public func scaled(by factor: Double) -> EmpiricalPSF {
    var copy = self
    copy.grid = grid.map { $0 * factor }
    return copy
  }

  /// Twice the radius of the circle about the middle that holds half of the light: the full width at half maximum of a
  /// Gaussian.
  public var halfLightWidth: Double {
    let half = radius * oversampling
    let points = grid.indices.map { (hypot(Double($0 % side - half), Double($0 / side - half)), grid[$0]) }
      .sorted { $0.0 < $1.0 }
    let wanted = points.reduce(0) { $0 + $1.1 } / 2
    var sum = 0.0
    for (distance, light) in points {
      sum += light
      if sum >= wanted { return 2 * distance / Double(oversampling) }
    }
    return Double(2 * radius)
  }

  /// The PSF convolved with a round exponential disc of scale length `scale` pixels: the comparison shape of
  /// SExtractor's `SPREAD_MODEL` (Desai et al. 2012).
  public func broadened(scale: Double) -> EmpiricalPSF {
    let length = scale * Double(oversampling)
    let reach = max(1, Int((5 * length).rounded(.up)))
    var kernel: [(dx: Int, dy: Int, weight: Double)] = []
    for dy in -reach...reach {
      for dx in -reach...reach {
        kernel.append((dx, dy, exp(-hypot(Double(dx), Double(dy)) / length)))
      }
    }
    let total = kernel.reduce(0) { $0 + $1.weight }
    var copy = self
    for j in 0..<side {
      for i in 0..<side {
        var sum = 0.0
        for (dx, dy, weight) in kernel where (0..<side).contains(i + dx) && (0..<side).contains(j + dy) {
          sum += weight * grid[(j + dy) * side + i + dx]
        }
        copy.grid[j * side + i] = sum / total
      }
    }
    return copy
  }
}
