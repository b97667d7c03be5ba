/// How many times larger the error of a large aperture on a mosaic is than the errors of its pixels say when they are
/// added in quadrature: neighbours share input pixels.
///
/// `square` and `turbo` by Casertano et al. (2000, AJ 120, 2747, appendix): with r = pixfrac / `scale`,
/// `r / (1 - 1 / (3 r))` for r >= 1, else `1 / (1 - r / 3)`, for dithers that fill the output evenly. `lanczos3`: the
/// variance of an interpolated pixel is `sum w²` of the input's, averaged over all fractions of a pixel, where an area
/// keeps the input's. `point` and `shift` correlate nothing: 1.
/// - Parameters:
///   - kernel: the kernel.
///   - pixfrac: side of the drop over that of the input pixel.
///   - scale: side of an output pixel over that of an input pixel.
public func correlatedNoiseFactor(
  kernel: ResampleOptions.Kernel, pixfrac: Double, scale: Double
) -> Double {
  switch kernel {
  case .point, .shift: return 1
  case .square, .turbo:
    let r = pixfrac / scale
    return r >= 1 ? r / (1 - 1 / (3 * r)) : 1 / (1 - r / 3)
  case .lanczos3:
    var sum = 0.0
    let steps = 256
    for i in 0..<steps {
      let weights = LanczosTable.weights(at: (Double(i) + 0.5) / Double(steps))
      sum += (0..<6).reduce(0) { $0 + Double(weights[$1] * weights[$1]) }
    }
    // The mean along one axis, squared for two; the root of that is the mean itself.
    return 1 / (scale * sum / Double(steps))
  }
}
