import Foundation
import Pixels

/// A frame of a sky, stars and cosmic rays, in electrons; the same in every run.
struct CosmicRayFrame {
  let pixels: Plane<Float>

  /// A sky of 200 with its photon noise and a read noise of 6.5; a star (FWHM 3.5 pixels, peaks of 100 to 30,000) on
  /// every 3,400 pixels and the track of a ray on every 4,000.
  init(size: Int) {
    var random = SplitMix(state: 3)
    var frame = Plane<Float>(width: size, height: size, repeating: 200)
    let area = size * size
    frame.withUnsafeMutableBuffer { pixels in
      for _ in 0..<area / 3400 { Self.addStar(to: pixels, size, &random) }
      for i in pixels.indices {
        // The sum of twelve uniform deviates is near enough to a Gaussian one.
        let noise = (0..<12).reduce(Float(-6)) { sum, _ in sum + random.uniform() }
        pixels[i] += (pixels[i] + 6.5 * 6.5).squareRoot() * noise
      }
      for _ in 0..<area / 4000 { Self.addTrack(to: pixels, size, &random) }
    }
    pixels = frame
  }

  private static func addStar(
    to pixels: UnsafeMutableBufferPointer<Float>, _ size: Int, _ random: inout SplitMix
  ) {
    let (x, y) = (random.uniform() * Float(size), random.uniform() * Float(size))
    let peak = 100 * pow(300, random.uniform())
    for j in max(0, Int(y) - 8)..<min(size, Int(y) + 9) {
      for i in max(0, Int(x) - 8)..<min(size, Int(x) + 9) {
        let (dx, dy) = (Float(i) - x, Float(j) - y)
        pixels[j * size + i] += peak * exp(-(dx * dx + dy * dy) / (2 * 1.5 * 1.5))
      }
    }
  }

  /// A straight track of 1 to 9 pixels.
  private static func addTrack(
    to pixels: UnsafeMutableBufferPointer<Float>, _ size: Int, _ random: inout SplitMix
  ) {
    let (x, y) = (random.uniform() * Float(size), random.uniform() * Float(size))
    let angle = random.uniform() * 2 * Float.pi
    let charge = 100 * pow(100, random.uniform())
    for step in 0..<1 + Int(random.uniform() * 9) {
      let (i, j) = (Int(x + Float(step) * cos(angle)), Int(y + Float(step) * sin(angle)))
      if (0..<size).contains(i), (0..<size).contains(j) { pixels[j * size + i] += charge }
    }
  }
}
