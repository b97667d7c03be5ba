import Pixels

/// A deconvolved image and how it came about.
public struct Deconvolved: Sendable {
  /// Why a deconvolution ended.
  public enum End: String, Sendable {
    /// The scene explains the image within its errors.
    case explained
    /// The scene hardly changed any more.
    case settled
    /// The number of iterations was reached.
    case exhausted
  }

  /// The scene, in the image's unit, its background left out; never negative, finite everywhere. Under
  /// excluded pixels it is what their neighbours tell, and 0 where those tell nothing.
  public let image: Plane<Float>
  /// What the scene looks like through the PSF, background included: to be compared with the image.
  public let model: Plane<Float>
  /// Iterations done.
  public let iterations: Int
  /// Chi squared of `model` per good pixel.
  public let chiSquared: Double
  /// Why it ended.
  public let end: End
}

/// Takes a PSF out of an image by the method of Richardson (1972, JOSA 62, 55) and Lucy (1974, AJ 79, 745),
/// each pixel weighted by its own precision: `x <- x Hᵀ(w d / m) / Hᵀ(w)` with `m = H x`, `d` the image less
/// its background, and `w = m / variance`.
///
/// Where the variance is the model itself (photon noise) `w` is 1 and this is the textbook's; in general it
/// is the multiplicative step that leads to the least weighted squares of a scene without negative light
/// (Daube-Witherspoon & Muehllehner 1986, IEEE Trans. Med. Imaging 5, 61), which read noise and subtracted
/// skies do not upset. In the end the whole scene is scaled so that its model has as much light as the image
/// where it stands out of the noise. The scene extends beyond the image by the PSF's half width, so that
/// light from outside is not taken for light inside.
///
/// - Parameters:
///   - image: what was seen; pixels that are not finite are left out.
///   - variance: of each pixel of `image`, in its squared unit; pixels where it is not above 0 are left out.
///     It must not itself be that of a noisy pixel (`max(d, 0) + ...`) where counts are few, or results are
///     biased low. Nil: the image counts photons.
///   - mask: pixels left out.
///   - psf: the PSF, of any size.
///   - options: iterations and limits.
/// - Throws: `deconvolution-option`, `shape-mismatch`, `no-good-pixel`, `fftw-plan`.
public func deconvolve(
  _ image: Plane<Float>, variance: Plane<Float>?, excluding mask: PixelMask, psf: PointSpread,
  options: DeconvolutionOptions = DeconvolutionOptions()
) throws(DeconvolutionError) -> Deconvolved {
  try options.check()
  let shape = (image.width, image.height)
  guard (mask.width, mask.height) == shape, variance.map({ ($0.width, $0.height) == shape }) ?? true else {
    throw DeconvolutionError(
      code: "shape-mismatch", message: "variance or mask have not the image's \(shape.0) x \(shape.1) pixels",
      subject: "deconvolution")
  }
  let data = WeightedImage(image, variance: variance, excluding: mask, background: options.background)
  guard data.goodPixels > 0 else {
    throw DeconvolutionError(
      code: "no-good-pixel", message: "no pixel has a value and a variance", subject: "deconvolution")
  }
  let optics = try TiledConvolution(
    imageWidth: image.width, imageHeight: image.height, psf: psf, tile: options.tile)
  var scene = Scene(data, optics)
  return scene.solve(options)
}
