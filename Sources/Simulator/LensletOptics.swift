import Pixels

/// The lenslet array's detector: one spectrum every 2 rows, staggered along x in 16 steps, each 0.39 of the
/// detector long, with a Gaussian profile of 0.85 pixels across.
struct LensletOptics: Sendable {
  static let pitch = 2
  static let columns = 16
  private static let sigma = 0.85
  private static let reach = 4
  let size: Int
  let scale: Double

  private var spectra: Int { max((size - 2 * Self.reach) / Self.pitch, 1) }
  private var channels: Int { size * 39 / 100 }

  /// Adds the light of `scene` to `plane`, photo-electrons per second for a response of 1.
  func add(_ scene: SpectrographScene, to plane: inout Plane<Float>) {
    let light = SpectrographLight(scene, channels: channels, scale: scale)
    let spectrum = light.spectrum.values.map { Float($0) }
    let size = size
    plane.withUnsafeMutableBuffer { pixels in
      for index in 0..<spectra where isLit(index, scene) {
        let place = spaxel(index)
        let brightness = light.brightness(column: place.column, row: place.row)
        guard brightness > 0 else { continue }
        let start = firstPixel(index)
        // Spectra are tilted by 0.3 pixels over their length.
        for (channel, flux) in spectrum.enumerated() {
          let tilt = 0.3 * Double(channel) / Double(channels)
          let centre = Double(Self.reach + index * Self.pitch) + tilt
          add(flux * Float(brightness), x: start + channel, centre: centre, to: pixels, size)
        }
      }
    }
  }

  private func add(
    _ flux: Float, x: Int, centre: Double, to pixels: UnsafeMutableBufferPointer<Float>, _ size: Int
  ) {
    let nearest = Int(centre.rounded())
    let norm = 1 / (Self.sigma * (2 * Double.pi).squareRoot())
    for y in max(nearest - 3, 0)...min(nearest + 3, size - 1) {
      pixels[y * size + x] += flux * Float(norm * Spectrum.bell(Double(y) - centre, Self.sigma))
    }
  }

  private func isLit(_ index: Int, _ scene: SpectrographScene) -> Bool {
    guard case .lamp(let step, let of) = scene, of > 1 else { return true }
    return index % of == step
  }

  private func firstPixel(_ index: Int) -> Int {
    let room = size - channels - 1
    return room * (index * 7 % Self.columns) / max(Self.columns - 1, 1)
  }

  /// The lenslet (from the field's centre) of spectrum `index`: 16 columns, rows as they come.
  private func spaxel(_ index: Int) -> (column: Double, row: Double) {
    let rows = (spectra + Self.columns - 1) / Self.columns
    let (row, column) = index.quotientAndRemainder(dividingBy: Self.columns)
    return (Double(column) + 0.5 - Double(Self.columns) / 2, Double(row) + 0.5 - Double(rows) / 2)
  }
}
