/// What the spectrograph looks at.
enum SpectrographScene: Sendable {
  /// Blank sky at `level` times its mean brightness.
  case sky(level: Double)
  /// The science target, offset by (`east`, `north`) arcsec from the field's centre (without sky).
  case object(east: Double, north: Double)
  /// A telluric star (without sky).
  case star
  /// White light; of the lenslet scan only every `of`-th spectrum from `step` on.
  case lamp(step: Int, of: Int)
  /// The instrumental-dispersion fibre: one white spot in the field's centre.
  case fibre
}

/// Brightness of a scene over the field and along the spectrum.
struct SpectrographLight: Sendable {
  let spectrum: SampledSpectrum
  let scene: SpectrographScene
  /// Arcsec per spaxel.
  let scale: Double

  /// The light of `scene` in `channels` spectral pixels; levels are e-/s per spectral pixel of one spaxel.
  init(_ scene: SpectrographScene, channels: Int, scale: Double) {
    self.scene = scene
    self.scale = scale
    switch scene {
    case .sky: spectrum = SampledSpectrum(airglowOver: channels, continuum: 0.8, line: 30)
    case .object: spectrum = SampledSpectrum(count: channels, level: 12, Spectrum.galaxy)
    case .star: spectrum = SampledSpectrum(count: channels, level: 1500, Spectrum.telluricStar)
    case .lamp: spectrum = SampledSpectrum(count: channels, level: 4000, Spectrum.lamp)
    case .fibre: spectrum = SampledSpectrum(count: channels, level: 2000, Spectrum.lamp)
    }
  }

  /// Relative brightness of the spaxel (`column`, `row`) spaxels from the field's centre.
  func brightness(column: Double, row: Double) -> Double {
    switch scene {
    case .sky(let level): level
    case .lamp: 1
    case .star, .fibre: Spectrum.bell((column * column + row * row).squareRoot(), 1.2)
    case .object(let east, let north):
      // The image moves against the telescope (East is −x).
      Spectrum.bell(hypotenuse(column - east / scale, row + north / scale), 3)
    }
  }

  private func hypotenuse(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
}
