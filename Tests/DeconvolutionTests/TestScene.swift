import Deconvolution
import Foundation
import Pixels

/// Stars seen through a PSF, with noise.
struct TestScene {
  struct Star {
    let x: Double
    let y: Double
    let flux: Double
  }

  /// Gaussian noise, the same for the same seed.
  struct Deviates {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 11) + 0.5) * 0x1p-53
    }

    mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
  }

  let width: Int
  let height: Int
  let stars: [Star]

  /// A Moffat profile of sum 1 over the plane, exponent 3.
  static func moffat(_ dx: Double, _ dy: Double, fwhm: Double) -> Double {
    let alpha = fwhm / (2 * (pow(2, 1 / 3.0) - 1).squareRoot())
    return 2 / (.pi * alpha * alpha) / pow(1 + (dx * dx + dy * dy) / (alpha * alpha), 3)
  }

  /// An Airy pattern of a round aperture: `lambdaOverD` in pixels.
  static func airy(_ dx: Double, _ dy: Double, lambdaOverD: Double) -> Double {
    let r = (dx * dx + dy * dy).squareRoot() * .pi / lambdaOverD
    let amplitude = r < 1e-6 ? 1 : 2 * j1(r) / r
    return amplitude * amplitude * .pi / 4 / (lambdaOverD * lambdaOverD)
  }

  static func kernel(_ side: Int, _ profile: (Double, Double) -> Double) -> Plane<Float> {
    let elements = (0..<side * side).map {
      Float(profile(Double($0 % side - side / 2), Double($0 / side - side / 2)))
    }
    return Plane(width: side, height: side, elements: elements)
  }

  /// The stars through a profile, within 40 pixels of each.
  func image(_ profile: (Double, Double) -> Double) -> Plane<Float> {
    var sum = [Double](repeating: 0, count: width * height)
    for star in stars {
      for y in max(0, Int(star.y) - 40)..<min(height, Int(star.y) + 41) {
        for x in max(0, Int(star.x) - 40)..<min(width, Int(star.x) + 41) {
          sum[y * width + x] += star.flux * profile(Double(x) - star.x, Double(y) - star.y)
        }
      }
    }
    return Plane(width: width, height: height, elements: sum.map { Float($0) })
  }

  /// The variance of photons and read noise.
  static func variance(_ image: Plane<Float>, sky: Float) -> Plane<Float> { image.map { $0 + sky } }

  static func noisy(_ image: Plane<Float>, variance: Plane<Float>, seed: UInt64) -> Plane<Float> {
    var deviates = Deviates(seed: seed)
    let elements = zip(image.elements, variance.elements).map { value, variance in
      value + Float(deviates.normal() * Double(variance).squareRoot())
    }
    return Plane(width: image.width, height: image.height, elements: elements)
  }
}

/// Light within a circle, and its centre.
func light(in plane: Plane<Float>, x: Double, y: Double, radius: Double) -> (
  flux: Double, x: Double, y: Double
) {
  var (sum, sx, sy) = (0.0, 0.0, 0.0)
  for row in max(0, Int(y - radius))...min(plane.height - 1, Int(y + radius) + 1) {
    for column in max(0, Int(x - radius))...min(plane.width - 1, Int(x + radius) + 1) {
      let (dx, dy) = (Double(column) - x, Double(row) - y)
      guard dx * dx + dy * dy <= radius * radius else { continue }
      let value = Double(plane[column, row])
      (sum, sx, sy) = (sum + value, sx + value * dx, sy + value * dy)
    }
  }
  return (sum, x + sx / sum, y + sy / sum)
}

/// The sum of a plane.
func total(_ plane: Plane<Float>) -> Double { plane.elements.reduce(0) { $0 + Double($1) } }
