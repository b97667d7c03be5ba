import Foundation
import Pixels

/// A frame of stars on a sloping sky.
struct StarFrame {
  /// Pixels along the side.
  let size: Int
  let stars: Int

  /// A sloping sky of about 1000 with noise of 30, and Gaussian stars; the same in every run.
  var plane: Plane<Float> {
    var random = SplitMix(state: 1)
    var frame = Plane<Float>(uninitializedWidth: size, height: size) { pixels in
      for i in pixels.indices {
        // The sum of twelve uniform deviates is near enough to a Gaussian one.
        let noise = (0..<12).reduce(Float(-6)) { sum, _ in sum + random.uniform() }
        pixels[i] = 1000 + 0.01 * Float(i % size) + 0.02 * Float(i / size) + 30 * noise
      }
    }
    frame.withUnsafeMutableBuffer { pixels in
      for _ in 0..<stars {
        let (x, y) = (random.uniform() * Float(size), random.uniform() * Float(size))
        let peak = 100 * pow(300, random.uniform())
        for j in max(0, Int(y) - 8)..<min(size, Int(y) + 9) {
          for i in max(0, Int(x) - 8)..<min(size, Int(x) + 9) {
            let (dx, dy) = (Float(i) - x, Float(j) - y)
            pixels[j * size + i] += peak * exp(-(dx * dx + dy * dy) / 8)
          }
        }
      }
    }
    return frame
  }
}
