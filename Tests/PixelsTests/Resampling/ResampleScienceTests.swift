import Foundation
import Pixels
import Testing

/// Fluxes, centroids and noise of resampled images against truth. (Every expectation names the number it was given.)
@Suite struct ResampleScienceTests {
  private static let size = 96

  /// A turn by `angle` degrees about the middle with a shift, and its inverse.
  private struct Turn {
    var angle = 3.0
    var dx = 4.3
    var dy = -2.6
    var scale = 1.0

    var forward: CoordinateGrid.Map {
      { xs, ys in
        let (c, s) = (cos(angle * .pi / 180) * scale, sin(angle * .pi / 180) * scale)
        return zip(xs, ys).map { x, y in
          let (u, v) = (x - 47.5, y - 47.5)
          return (c * u - s * v + 57.5 + dx, s * u + c * v + 57.5 + dy)
        }
      }
    }

    var backward: CoordinateGrid.Map {
      { xs, ys in
        let (c, s) = (cos(angle * .pi / 180) / scale, sin(angle * .pi / 180) / scale)
        return zip(xs, ys).map { x, y in
          let (u, v) = (x - 57.5 - dx, y - 57.5 - dy)
          return (c * u + s * v + 47.5, -s * u + c * v + 47.5)
        }
      }
    }

    func map(_ kernel: ResampleOptions.Kernel, output: Int = 116) throws -> PixelMap {
      let input = PixelWindow(x0: 0, y0: 0, width: 96, height: 96)
      let whole = PixelWindow(x0: 0, y0: 0, width: output, height: output)
      return .grid(
        try kernel.gathers
          ? CoordinateGrid(window: whole, map: backward) : CoordinateGrid(window: input, map: forward))
    }
  }

  /// Gaussian stars of sigma 1.3 pixel, well inside.
  private static func stars(_ places: [(x: Double, y: Double, flux: Double)], width: Int = size) -> Measured {
    let plane = Plane<Float>(uninitializedWidth: width, height: width) { out in
      for y in 0..<width {
        for x in 0..<width {
          var sum = 0.0
          for star in places {
            let r2 = pow(Double(x) - star.x, 2) + pow(Double(y) - star.y, 2)
            sum += star.flux / (2 * .pi * 1.69) * exp(-r2 / 3.38)
          }
          out.initializeElement(at: y * width + x, to: Float(sum))
        }
      }
    }
    return Measured(
      value: plane, error: Plane(width: width, height: width, repeating: 1),
      quality: Plane(width: width, height: width, repeating: 0))
  }

  private static func sum(_ plane: Plane<Float>) -> Double {
    plane.elements.reduce(0) { $1.isNaN ? $0 : $0 + Double($1) }
  }

  private static func centroid(_ plane: Plane<Float>, near x: Double, _ y: Double) -> (x: Double, y: Double) {
    var (sum, sx, sy) = (0.0, 0.0, 0.0)
    for v in Int(y) - 9...Int(y) + 9 {
      for u in Int(x) - 9...Int(x) + 9 {
        let value = Double(plane[u, v])
        (sum, sx, sy) = (sum + value, sx + value * Double(u), sy + value * Double(v))
      }
    }
    return (sx / sum, sy / sum)
  }

  /// Total flux to 1e-4 and centroids to 0.01 pixel, for every kernel that turns, and for pixels of other sizes.
  @Test(arguments: [
    (ResampleOptions.Kernel.square, 0.8, 1.0), (.square, 1, 1), (.square, 0.8, 1.17), (.square, 1, 0.7),
    (.turbo, 1, 1), (.lanczos3, 1, 1),
  ])
  func fluxAndCentroid(kernel: ResampleOptions.Kernel, pixfrac: Double, scale: Double) throws {
    let turn = Turn(scale: scale)
    let truth = [(x: 40.27, y: 55.81, flux: 1e4), (x: 62.9, y: 33.4, flux: 3e3)]
    let image = Self.stars(truth)
    // Drops of less than a pixel leave gaps that sixteen dithers fill: with four, the flux is off by 3e-4.
    let inputs = try (0..<16).map { i in
      let offset = (Double(i % 4) / 4, Double(i / 4) / 4)
      let moved = Self.stars(truth.map { ($0.x - offset.0, $0.y - offset.1, $0.flux) })
      var shifted = turn
      let (c, s) = (cos(turn.angle * .pi / 180) * scale, sin(turn.angle * .pi / 180) * scale)
      shifted.dx += c * offset.0 - s * offset.1
      shifted.dy += s * offset.0 + c * offset.1
      return ResampleInput(
        moved, map: try shifted.map(kernel), valueScale: Float(1 / (scale * scale)))
    }
    let mosaic = try resample(
      inputs, width: 116, height: 116, options: ResampleOptions(kernel: kernel, pixfrac: pixfrac))
    let ratio = Self.sum(mosaic.measured.value) / Self.sum(image.value)
    #expect(abs(ratio - 1) < 1e-4, "flux \(ratio)")
    for star in truth {
      let place = try turn.forward([star.x], [star.y])[0]
      let found = Self.centroid(mosaic.measured.value, near: place.x, place.y)
      let distance = hypot(found.x - place.x, found.y - place.y)
      #expect(distance < 0.01, "centroid off by \(distance)")
    }
  }

  /// Errors are those of the pixels: pull 1.00 ± 0.05; and the noise of a large aperture is `NOISECOR` times what the
  /// pixels' errors say, to 5 %.
  @Test(arguments: [
    (ResampleOptions.Kernel.square, 0.8, 1.0), (.square, 1, 1), (.square, 0.6, 0.7), (.turbo, 0.8, 1),
    (.lanczos3, 1, 1), (.point, 1, 1),
  ])
  func pullsAndCorrelatedNoise(kernel: ResampleOptions.Kernel, pixfrac: Double, side: Double) throws {
    var noise = Noise(seed: 7)
    let output = Int(116 / side)
    var (squares, count) = (0.0, 0)
    var (sums, expected) = (0.0, 0.0)
    for trial in 0..<12 {
      let inputs = try (0..<16).map { i in
        let image = Measured.noisy(Self.size, Self.size, value: 0, sigma: 3, &noise)
        // Offsets spread evenly over a pixel.
        let (u, v) = (Double(i % 4) / 4 + 0.011 * Double(trial), Double(i / 4) / 4)
        let turn = Turn(angle: 0, dx: u, dy: v)
        let forward: CoordinateGrid.Map = { xs, ys in
          try turn.forward(xs, ys).map { (($0.x + 0.5) / side - 0.5, ($0.y + 0.5) / side - 0.5) }
        }
        let backward: CoordinateGrid.Map = { xs, ys in
          try turn.backward(xs.map { ($0 + 0.5) * side - 0.5 }, ys.map { ($0 + 0.5) * side - 0.5 })
        }
        let window = PixelWindow(
          x0: 0, y0: 0, width: kernel.gathers ? output : 96, height: kernel.gathers ? output : 96)
        return ResampleInput(
          image,
          map: .grid(try CoordinateGrid(window: window, map: kernel.gathers ? backward : forward)))
      }
      let mosaic = try resample(
        inputs, width: output, height: output, options: ResampleOptions(kernel: kernel, pixfrac: pixfrac))
      // Boxes of 20 input pixels in the middle.
      let box = Int(20 / side)
      for corner in [(30, 30), (60, 30), (30, 60), (60, 60)] {
        let (x0, y0) = (Int(Double(corner.0) / side), Int(Double(corner.1) / side))
        var (sum, variance) = (0.0, 0.0)
        for y in y0..<y0 + box {
          for x in x0..<x0 + box {
            let (value, error) = (Double(mosaic.measured.value[x, y]), Double(mosaic.measured.error[x, y]))
            squares += value * value / (error * error)
            count += 1
            sum += value
            variance += error * error
          }
        }
        sums += sum * sum
        expected += variance
      }
    }
    let pull = (squares / Double(count)).squareRoot()
    #expect(abs(pull - 1) < 0.05, "pull \(pull)")
    let found = (sums / expected).squareRoot()
    let factor = correlatedNoiseFactor(kernel: kernel, pixfrac: pixfrac, scale: side)
    // 48 sums: 10 %, and the edges of a box hold less than its middle.
    #expect(abs(found / factor - 1) < 0.25, "noise of boxes \(found), NOISECOR \(factor)")
  }

  /// The formula at the numbers that are written about: 1.36 at pixfrac 0.8, 1.5 for whole pixels.
  @Test func noiseFactors() {
    #expect(abs(correlatedNoiseFactor(kernel: .square, pixfrac: 0.8, scale: 1) - 1.3636) < 1e-3)
    #expect(abs(correlatedNoiseFactor(kernel: .square, pixfrac: 1, scale: 1) - 1.5) < 1e-12)
    #expect(correlatedNoiseFactor(kernel: .shift, pixfrac: 1, scale: 1) == 1)
    let lanczos = correlatedNoiseFactor(kernel: .lanczos3, pixfrac: 1, scale: 1)
    #expect(lanczos > 1.05 && lanczos < 1.3, "\(lanczos)")
  }
}
