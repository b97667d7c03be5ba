import Foundation
import Pixels
import SourceExtraction

/// Dithered frames of a field of stars on a bright sky that drifts; everything that went in is known.
struct SimulatedDithers: Sendable {
  static let size = 320
  static let sky = 5700.0
  static let gain = 4.4

  let frames: [Measured]
  /// Starlight in each frame.
  let light: [Plane<Float>]
  /// The sky of each frame without noise.
  let skies: [Plane<Float>]
  /// Where the first pixel of each frame lies in the field.
  let shifts: [PixelShift]
  let times: [Double]
  /// Centre in the field and flux of each star.
  let stars: [Star]

  struct Star: Sendable {
    let x: Double
    let y: Double
    let flux: Double
  }

  /// - Parameters:
  ///   - frames: how many dithers; the first is at the centre.
  ///   - step: how far they go in pixels.
  ///   - starCount: stars in a field of 480 x 480.
  ///   - fluxes: of the stars, in DN.
  init(frames count: Int = 9, seed: UInt64, step: Int = 25, starCount: Int = 60, fluxes: [Double]) {
    var noise = Noise(seed: seed)
    let size = Self.size
    stars = (0..<starCount).map {
      Star(x: 480 * noise.uniform(), y: 480 * noise.uniform(), flux: fluxes[$0 % fluxes.count])
    }
    let pattern = Self.detectorPattern(&noise)
    shifts = (0..<count).map {
      PixelShift(x: 80 + step * (($0 * 2) % 3 - 1) + 3 * $0, y: 80 + step * (($0 / 3 + $0) % 3 - 1) - 2 * $0)
    }
    times = (0..<count).map { 60 * Double($0) }
    var made: ([Measured], [Plane<Float>], [Plane<Float>]) = ([], [], [])
    for i in 0..<count {
      let level = Self.sky * (1 + 0.002 * Double(i) + 0.004 * sin(Double(i)))
      let sky = pattern.map { Float(level * Double($0)) }
      let light = Self.light(of: stars, at: shifts[i])
      made.0.append(Self.exposure(sky, light, &noise))
      made.1.append(light)
      made.2.append(sky)
    }
    (frames, light, skies) = made
    precondition(frames[0].width == size)
  }

  /// Illumination that falls off by 2 % and a response of 0.3 % from pixel to pixel.
  private static func detectorPattern(_ noise: inout Noise) -> Plane<Float> {
    let values = (0..<size * size).map { i -> Float in
      let (x, y) = (Double(i % size) / Double(size) - 0.4, Double(i / size) / Double(size) - 0.6)
      return Float((1 - 0.03 * (x * x + y * y) + 0.01 * x) * (1 + 0.003 * noise.gaussian()))
    }
    return Plane(width: size, height: size, elements: values)
  }

  private static func light(of stars: [Star], at shift: PixelShift) -> Plane<Float> {
    var light = Plane<Float>(width: size, height: size, repeating: 0)
    for star in stars {
      let (cx, cy) = (star.x - Double(shift.x), star.y - Double(shift.y))
      let (left, low) = (max(Int(cx) - 12, 0), max(Int(cy) - 12, 0))
      for y in low..<max(min(Int(cy) + 13, size), low) {
        for x in left..<max(min(Int(cx) + 13, size), left) {
          let (dx, dy) = (Double(x) - cx, Double(y) - cy)
          light[x, y] += Float(star.flux / (2 * Double.pi * 2.25) * exp(-(dx * dx + dy * dy) / 4.5))
        }
      }
    }
    return light
  }

  private static func exposure(
    _ sky: Plane<Float>, _ light: Plane<Float>, _ noise: inout Noise
  ) -> Measured {
    var (value, error) = (sky, sky)
    var quality = Plane<UInt32>(width: size, height: size, repeating: 0)
    for y in 0..<size {
      for x in 0..<size {
        let truth = Double(sky[x, y] + light[x, y])
        let sigma = (truth / gain).squareRoot()
        value[x, y] = Float(truth + sigma * noise.gaussian())
        error[x, y] = Float(sigma)
        if (x * 7919 + y * 104_729) % 499 == 0 {
          value[x, y] = 30_000
          quality[x, y] = DQ.hot | DQ.doNotUse
        }
      }
    }
    return Measured(value: value, error: error, quality: quality)
  }

  /// What the kernels read.
  var dithers: DitherSky {
    let frames = frames
    return DitherSky(
      width: Self.size, height: Self.size, neighbors: skyNeighbors(times: times, count: 8)
    ) { i, rows in
      frames[i].cropped(
        to: PixelWindow(x0: 0, y0: rows.lowerBound, width: Self.size, height: rows.count))
    }
  }
}
