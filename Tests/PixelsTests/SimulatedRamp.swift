import Pixels

extension Ramp<Float> {
  /// Reads of a constant rate (e-/s) with photon and read noise, in data numbers.
  static func simulated(
    rate: Double, gain: Double, noise sigma: Double, times: [Double], integrations: Int = 1, width: Int,
    height: Int, seed: UInt64
  ) -> Ramp {
    var noise = Noise(seed: seed)
    var ramp = Ramp(
      integrations: integrations, reads: times.count, height: height, width: width, repeating: 0)
    for integration in 0..<integrations {
      for y in 0..<height {
        for x in 0..<width {
          var electrons = noise.poisson(rate * times[0])
          for (j, t) in times.enumerated() {
            if j > 0 { electrons += noise.poisson(rate * (t - times[j - 1])) }
            ramp[integration, j, x, y] = Float((5000 + electrons + sigma * noise.gaussian()) / gain)
          }
        }
      }
    }
    return ramp
  }
}
