/// Spectra of the spectrograph scenes over the Hbb filter, as smooth functions of vacuum wavelength in
/// micron.
enum Spectrum {
  /// The passband of Hbb in micron.
  static let band = 1.474...1.800

  /// Strong OH airglow lines: vacuum micron, photons/s/m²/arcsec² (both members of each doublet together);
  /// Noll et al. 2014, wavelengths of Rousselot et al. 2000.
  static let airglowLines: [(wavelength: Double, strength: Double)] = [
    (1.48877, 84), (1.505555, 230), (1.506895, 80), (1.524095, 170), (1.53324, 176), (1.543215, 112),
    (1.565495, 90), (1.58333, 240), (1.584805, 86), (1.603085, 178), (1.61286, 188), (1.62354, 126),
    (1.650235, 82), (1.66924, 216), (1.69037, 160), (1.700875, 172), (1.71237, 118), (1.76532, 174),
    (1.78803, 128), (1.799395, 144),
  ]

  /// Brackett absorption lines of a hot star: vacuum micron and central depth.
  private static let brackett: [(wavelength: Double, depth: Double)] = [
    (1.5705, 0.12), (1.5885, 0.15), (1.6114, 0.18), (1.6412, 0.2), (1.6811, 0.25), (1.7367, 0.3),
  ]

  /// A hot star behind the atmosphere, 1 at the middle of the band.
  static func telluricStar(_ wavelength: Double) -> Double {
    var flux = power(1.637 / wavelength, 3)
    for line in brackett { flux *= 1 - line.depth * bell(wavelength - line.wavelength, 0.0035) }
    // Water on both sides of the H band, CO2 at 1.575 and 1.609 micron.
    let water = 1 - 0.7 * bell(wavelength - 1.474, 0.018) - 0.8 * bell(wavelength - 1.81, 0.02)
    let carbon = 1 - 0.12 * bell(wavelength - 1.575, 0.004) - 0.1 * bell(wavelength - 1.609, 0.004)
    return flux * water * carbon
  }

  /// A galaxy's red continuum with three emission lines, 1 at the middle of the band.
  static func galaxy(_ wavelength: Double) -> Double {
    let continuum = 1 + 1.2 * (wavelength - 1.637)
    let lines = 6 * bell(wavelength - 1.6150, 0.0008) + 2.5 * bell(wavelength - 1.6250, 0.0008)
    return continuum + lines + 1.5 * bell(wavelength - 1.7312, 0.0009)
  }

  /// The white-light lamp, 1 at the middle of the band and falling to both sides.
  static func lamp(_ wavelength: Double) -> Double {
    let u = (wavelength - 1.637) / 0.163
    return 1 - 0.25 * u * u + 0.1 * u
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  /// A Gaussian of height 1 and standard deviation `sigma`.
  static func bell(_ x: Double, _ sigma: Double) -> Double {
    let u = x / sigma
    return abs(u) > 9 ? 0 : Double.exp(-0.5 * u * u)
  }
}

/// A spectrum sampled on a detector's dispersion axis: photo-electrons per second in each of `values`.
struct SampledSpectrum: Sendable {
  let values: [Double]

  /// Samples `shape` at `count` pixels over the band, times `level`.
  init(count: Int, level: Double, _ shape: (Double) -> Double) {
    let (low, high) = (Spectrum.band.lowerBound, Spectrum.band.upperBound)
    values = (0..<count).map { level * shape(low + (high - low) * (Double($0) + 0.5) / Double(count)) }
  }

  /// The night sky: a continuum plus airglow lines with a Gaussian profile of 0.9 pixels.
  init(airglowOver count: Int, continuum: Double, line: Double) {
    let (low, high) = (Spectrum.band.lowerBound, Spectrum.band.upperBound)
    var values = [Double](repeating: continuum, count: count)
    for (wavelength, strength) in Spectrum.airglowLines {
      let centre = (wavelength - low) / (high - low) * Double(count) - 0.5
      let (first, last) = (max(Int(centre) - 6, 0), min(Int(centre) + 7, count - 1))
      guard first <= last else { continue }
      for pixel in first...last {
        values[pixel] += line * strength / 240 * Spectrum.bell(Double(pixel) - centre, 0.9)
      }
    }
    self.values = values
  }
}
