import Foundation
import Pixels

/// How a PSF is made of stars.
public struct EmpiricalPSFOptions: Sendable, Equatable {
  /// Grid points along one pixel; 2 or 4 are usual.
  public var oversampling: Int
  /// Pixels from the middle to the edge of the grid.
  public var radius: Int
  /// Rounds of residuals and places.
  public var rounds: Int
  /// Residuals beyond this many sigmas of their grid point do not count.
  public var kappa: Double

  /// Options with the house's defaults: 4 points a pixel, 12 pixels, 6 rounds, 3 sigma.
  public init(oversampling: Int = 4, radius: Int = 12, rounds: Int = 6, kappa: Double = 3) {
    self.oversampling = oversampling
    self.radius = radius
    self.rounds = rounds
    self.kappa = kappa
  }
}

/// A star that a PSF is made of.
public struct PSFStar: Sendable, Equatable {
  /// Place, pixels from 0 at the centre of the first.
  public var x: Double
  /// Place.
  public var y: Double
  /// Its light by an aperture.
  public var flux: Double

  public init(x: Double, y: Double, flux: Double) {
    self.x = x
    self.y = y
    self.flux = flux
  }
}

/// A PSF made of isolated bright stars, after Anderson & King (2000): a radial profile to begin with, then in each round
/// the stars' mean residual at each grid point is added, smoothed where few stars tell, and the stars are centred anew.
///
/// Its sum is 1: multiply by the share of light that an aperture of its radius holds, or compare its fluxes with
/// aperture-corrected ones, to get total fluxes. Its middle is where the stars' given places are on average.
/// - Parameters:
///   - image: without sky.
///   - stars: isolated, far from saturation, with positive fluxes.
/// - Throws: `psf-stars` when none can be used.
public func empiricalPSF(
  from image: PhotometryImage, stars: [PSFStar], options: EmpiricalPSFOptions = EmpiricalPSFOptions()
) throws(SourceExtractionError) -> EmpiricalPSF {
  let usable = stars.filter { $0.flux > 0 && $0.flux.isFinite && $0.x.isFinite && $0.y.isFinite }
  guard !usable.isEmpty, options.oversampling > 0, options.radius > 1 else {
    throw SourceExtractionError(
      code: "psf-stars", message: "there is no star to make a PSF of", subject: "PSF",
      hint: "lower the signal-to-noise ratio that stars of the PSF must have")
  }
  var builder = PSFBuilder(image: image, stars: usable, options: options)
  var psf = builder.start()
  for _ in 0..<options.rounds {
    builder.centre(with: psf)
    psf = builder.refined(psf)
  }
  return psf
}

/// The stars and what the rounds learn of them.
private struct PSFBuilder {
  let image: PhotometryImage
  let given: [PSFStar]
  var stars: [PSFStar]
  let options: EmpiricalPSFOptions

  init(image: PhotometryImage, stars: [PSFStar], options: EmpiricalPSFOptions) {
    (self.image, self.given, self.stars, self.options) = (image, stars, stars, options)
  }

  /// Calls `body` with offset, share of light and weight of each pixel of each star.
  private func forEachSample(_ body: (_ dx: Double, _ dy: Double, _ share: Double, _ weight: Double) -> Void)
  {
    // A star's shares are as exact as it is bright, up to what its neighbours spoil.
    let fluxes = stars.map(\.flux).sorted()
    let cap = 4 * fluxes[fluxes.count / 2]
    for star in stars {
      let weight = pow(min(star.flux, cap), 2)
      image.value.withUnsafeBuffer { values in
        image.forEachPixel(x: star.x, y: star.y, within: Double(options.radius) * 2.squareRoot()) {
          i, dx, dy in
          body(dx, dy, Double(values[i]) / star.flux, weight)
        }
      }
    }
  }

  /// The radial profile: weighted means of rings of one grid step.
  func start() -> EmpiricalPSF {
    let steps = Double(options.oversampling)
    let rings = Int((Double(options.radius) * 2.squareRoot() * steps).rounded(.up)) + 3
    var (sums, weights) = ([Double](repeating: 0, count: rings), [Double](repeating: 0, count: rings))
    forEachSample { dx, dy, share, weight in
      // Shared out between the two nearest rings.
      let place = hypot(dx, dy) * steps
      let ring = Int(place)
      guard ring + 1 < rings else { return }
      let part = place - Double(ring)
      sums[ring] += (1 - part) * weight * share
      weights[ring] += (1 - part) * weight
      sums[ring + 1] += part * weight * share
      weights[ring + 1] += part * weight
    }
    var profile = [Double](repeating: 0, count: rings)
    for ring in 0..<rings where weights[ring] > 0 { profile[ring] = sums[ring] / weights[ring] }
    // Rings that no pixel came near: the next one that is known.
    if let known = weights.firstIndex(where: { $0 > 0 }) {
      for ring in 0..<known { profile[ring] = profile[known] }
    }
    let psf = EmpiricalPSF(oversampling: options.oversampling, radius: options.radius) { dx, dy in
      let place = hypot(dx, dy) * steps
      let ring = min(Int(place), rings - 2)
      return profile[ring] + (place - Double(ring)) * (profile[ring + 1] - profile[ring])
    }
    return normalized(psf)
  }

  private func normalized(_ psf: EmpiricalPSF) -> EmpiricalPSF {
    let sum = psf.sum
    return sum > 0 ? psf.scaled(by: 1 / sum) : psf
  }

  /// Fits all stars; on average they stay where they were given, so that the PSF does not wander.
  mutating func centre(with psf: EmpiricalPSF) {
    let fits = psfPhotometry(
      of: image, at: given.map { ($0.x, $0.y) }, with: psf,
      options: PSFPhotometryOptions(
        radius: min(Double(options.radius) - 1, 2 * psf.halfLightWidth), passes: 1))
    let moved = fits.indices.filter { fits[$0].isMoved && fits[$0].flux > 0 }
    guard !moved.isEmpty else { return }
    let count = Double(moved.count)
    let shiftX = moved.reduce(0) { $0 + fits[$1].x - given[$1].x } / count
    let shiftY = moved.reduce(0) { $0 + fits[$1].y - given[$1].y } / count
    for i in moved {
      stars[i].x = fits[i].x - shiftX
      stars[i].y = fits[i].y - shiftY
      stars[i].flux = fits[i].flux
    }
  }

  /// `psf` plus the stars' mean residuals.
  func refined(_ psf: EmpiricalPSF) -> EmpiricalPSF {
    var cells = [[(rest: Double, weight: Double)]](repeating: [], count: psf.grid.count)
    let half = options.radius * options.oversampling
    psf.grid.withUnsafeBufferPointer { grid in
      guard let grid = grid.baseAddress else { return }
      forEachSample { dx, dy, share, weight in
        let i = Int((dx * Double(psf.oversampling)).rounded()) + half
        let j = Int((dy * Double(psf.oversampling)).rounded()) + half
        // The outermost points have no full neighbourhood: the PSF is 0 there.
        guard i >= 2, j >= 2, i < psf.side - 2, j < psf.side - 2 else { return }
        cells[j * psf.side + i].append((share - psf.sample(grid, dx, dy).value, weight))
      }
    }
    let means = cells.map { clippedMean($0) }
    var result = psf
    let added = smoothed(means, side: psf.side)
    for i in result.grid.indices { result.grid[i] += added[i] }
    return normalized(result)
  }

  private func clippedMean(_ samples: [(rest: Double, weight: Double)]) -> (rest: Double, weight: Double) {
    var kept = samples
    for _ in 0..<3 where kept.count > 3 {
      let values = kept.map(\.rest).sorted()
      let centre = values[values.count / 2]
      let mad = values.map { abs($0 - centre) }.sorted()[values.count / 2]
      let inside = kept.filter { abs($0.rest - centre) <= options.kappa * 1.4826 * mad }
      if inside.isEmpty || inside.count == kept.count { break }
      kept = inside
    }
    let weight = kept.reduce(0) { $0 + $1.weight }
    return weight > 0 ? (kept.reduce(0) { $0 + $1.weight * $1.rest } / weight, weight) : (0, 0)
  }

  /// Means over 5 x 5 points, weighed by what each point knows and a Gaussian of one point.
  private func smoothed(_ cells: [(rest: Double, weight: Double)], side: Int) -> [Double] {
    let reach = 2
    let falls = (0...reach).map { exp(-0.5 * Double($0 * $0)) }
    return cells.indices.map { index in
      let (i, j) = (index % side, index / side)
      var (top, bottom) = (0.0, 0.0)
      for y in max(0, j - reach)...min(side - 1, j + reach) {
        for x in max(0, i - reach)...min(side - 1, i + reach) {
          let cell = cells[y * side + x]
          let weight = cell.weight * falls[abs(x - i)] * falls[abs(y - j)]
          top += weight * cell.rest
          bottom += weight
        }
      }
      return bottom > 0 ? top / bottom : 0
    }
  }
}
