import Foundation
import Pixels

/// What a deconvolution makes of noise: the image is given once more its noise, deconvolved by as many steps,
/// and what changed on blank sky (where the model is under half a sigma) is compared with what was given.
///
/// It is a mean over blank sky. Under sources noise is amplified otherwise, neighbouring pixels are no longer
/// independent, and where the scene is held at 0 nothing moves: an error scaled by it is an estimate, to be
/// flagged as such.
///
/// - Parameters:
///   - solved: the deconvolution of `image` with the same PSF, mask and options.
///   - variance: of the image's pixels.
///   - seed: of the noise; one seed gives one answer.
/// - Returns: root mean square of what changed over that of what was given; nil with fewer than 100 blank
///   pixels.
/// - Throws: as `deconvolve`.
public func noiseAmplification(
  of solved: Deconvolved, _ image: Plane<Float>, variance: Plane<Float>, excluding mask: PixelMask,
  psf: PointSpread, options: DeconvolutionOptions = DeconvolutionOptions(), seed: UInt64 = 1
) throws(DeconvolutionError) -> Double? {
  let shape = (image.width, image.height)
  guard (variance.width, variance.height) == shape, (solved.model.width, solved.model.height) == shape else {
    throw DeconvolutionError(
      code: "shape-mismatch",
      message: "variance or model have not the image's \(shape.0) x \(shape.1) pixels",
      subject: "noise amplification")
  }
  var same = options
  (same.maximumIterations, same.tolerance, same.chiSquaredGoal) = (max(solved.iterations, 1), 0, 0)
  let noisy = image.noisier(by: variance, seed: seed)
  let again = try deconvolve(noisy, variance: variance, excluding: mask, psf: psf, options: same)
  let data = WeightedImage(image, variance: variance, excluding: mask, background: options.background)
  let background = options.background
  let blank = combine(data.precision, solved.model) { precision, model in
    let level = model - background
    return precision > 0 && level * level * precision < 0.25 ? 1 : 0
  }
  let change = combine(again.image, solved.image) { $0 - $1 }
  let given = combine(noisy, image) { $0 - $1 }
  let sums = sumRows(change, given, blank) { change, given, isBlank, sums in
    guard isBlank > 0 else { return }
    sums.cross += Double(change) * Double(change)
    sums.square += Double(given) * Double(given)
    sums.chiSquared += 1
  }
  return sums.chiSquared >= 100 && sums.square > 0 ? (sums.cross / sums.square).squareRoot() : nil
}

extension Plane<Float> {
  /// The image with Gaussian noise of the given variance added, the same for the same seed.
  fileprivate func noisier(by variance: Plane<Float>, seed: UInt64) -> Plane<Float> {
    var state = seed
    func uniform() -> Double {
      // SplitMix64 (Steele, Lea & Flood 2014).
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return (Double((word ^ (word >> 31)) >> 11) + 0.5) * 0x1p-53
    }
    return Plane(uninitializedWidth: width, height: height) { out in
      withUnsafeBuffer { values in
        variance.withUnsafeBuffer { variance in
          for i in out.indices {
            let deviate = (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
            let sigma = variance[i] > 0 ? Double(variance[i]).squareRoot() : 0
            out.initializeElement(at: i, to: values[i] + Float(deviate * sigma))
          }
        }
      }
    }
  }
}
