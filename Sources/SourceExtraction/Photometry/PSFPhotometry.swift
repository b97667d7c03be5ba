import Dispatch
import Foundation
import Pixels

/// How stars are fitted with a PSF.
public struct PSFPhotometryOptions: Sendable, Equatable {
  /// Pixels about a star that take part.
  public var radius: Double
  /// Times all stars are fitted; from the second on without the light of their neighbours.
  public var passes: Int
  /// A star that the fit moves farther than this stays where it was, pixels.
  public var maximumShift: Double

  /// Options with the house's defaults: 3 passes, at most one pixel.
  public init(radius: Double, passes: Int = 3, maximumShift: Double = 1) {
    self.radius = radius
    self.passes = passes
    self.maximumShift = maximumShift
  }
}

/// A star as a PSF describes it.
public struct PSFFit: Sendable, Equatable {
  /// Place, pixels from 0 at the centre of the first.
  public var x: Double
  /// Place.
  public var y: Double
  /// One standard deviation of the place.
  public var xError: Double
  /// One standard deviation of the place.
  public var yError: Double
  /// All light by the PSF, in the unit of the image x pixel; NaN where too few pixels are good.
  public var flux: Double
  /// One standard deviation of it.
  public var fluxError: Double
  /// SExtractor's `SPREAD_MODEL` (Desai et al. 2012): 0 for a star, above for what is wider, below for what is sharper.
  public var spread: Double
  /// One standard deviation of it.
  public var spreadError: Double
  /// Share of the PSF's light that fell on good pixels.
  public var share: Double
  /// Whether the place was fitted, and not only the flux at the place given.
  public var isMoved: Bool
}

/// Fluxes and places of stars by a PSF: least squares with one weight for all pixels of a star.
///
/// For noise from the sky that is the optimal extraction of Naylor (1998), the profile as weight; with pixels weighed by
/// their own photon noise bright stars would come out too faint. Errors are propagated from the pixels' own errors
/// through the weights, x the image's noise correlation. Neighbours are taken off each other from the second pass on.
/// - Parameters:
///   - image: without sky.
///   - places: stars, pixels from 0 at the centre of the first.
///   - psf: its sum sets the scale of the fluxes.
/// - Returns: one for each place.
public func psfPhotometry(
  of image: PhotometryImage, at places: [(x: Double, y: Double)], with psf: EmpiricalPSF,
  options: PSFPhotometryOptions
) -> [PSFFit] {
  let fitter = PSFFitter(
    image: image, psf: psf, wide: psf.broadened(scale: max(0.05, psf.halfLightWidth / 16)), options: options)
  var fits = places.map { PSFFit(unfittedX: $0.x, y: $0.y) }
  var model = Plane<Float>(width: image.width, height: image.height, repeating: 0)
  for pass in 0..<max(1, options.passes) {
    fits = fitter.fitAll(fits, from: places, without: model, hasModel: pass > 0)
    if pass < options.passes - 1 { model = fitter.model(fits) }
  }
  return fits
}

extension PSFFit {
  init(unfittedX x: Double, y: Double) {
    self.init(
      x: x, y: y, xError: .nan, yError: .nan, flux: .nan, fluxError: .nan, spread: .nan, spreadError: .nan,
      share: 0, isMoved: false)
  }
}
