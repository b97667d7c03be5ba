import Foundation

/// A small image of a point source, of odd width and height and sum 1, to be convolved with.
public struct PSFKernel: Sendable, Equatable {
  /// Pixels in a row; odd.
  public let width: Int
  /// Rows; odd.
  public let height: Int
  /// Row by row, of sum 1.
  public let values: [Float]

  /// A kernel of the given pixels, normalised.
  ///
  /// - Throws: `kernel-shape` unless both sides are odd and at most 99, and `kernel-sum` unless the sum is above 0.
  public init(_ image: Plane<Float>) throws(PixelsError) {
    guard image.width % 2 == 1, image.height % 2 == 1, max(image.width, image.height) <= 99 else {
      throw PixelsError(
        code: "kernel-shape",
        message: "\(image.width) x \(image.height) pixels have no middle, or are too many",
        subject: "PSF kernel", hint: "both sides must be odd and at most 99")
    }
    let pixels = image.elements
    let sum = pixels.reduce(0.0) { $0 + Double($1) }
    guard sum > 0, sum.isFinite else {
      throw PixelsError(code: "kernel-sum", message: "its sum is \(sum)", subject: "PSF kernel")
    }
    width = image.width
    height = image.height
    values = pixels.map { Float(Double($0) / sum) }
  }

  /// A round Gaussian.
  ///
  /// - Precondition: `side` is odd and at most 99, `fwhm` above 0.
  public static func gaussian(fwhm: Double, side: Int = 7) -> PSFKernel {
    let sigma = fwhm / 2.35482
    return PSFKernel(side: side) { exp(-0.5 * $0 / (sigma * sigma)) }
  }

  /// A round Moffat profile, (1 + r²/α²)^-β.
  ///
  /// - Precondition: `side` is odd and at most 99, `fwhm` above 0 and `beta` above 0.
  public static func moffat(fwhm: Double, beta: Double = 4.765, side: Int = 7) -> PSFKernel {
    let alpha = fwhm / (2 * (pow(2, 1 / beta) - 1).squareRoot())
    return PSFKernel(side: side) { pow(1 + $0 / (alpha * alpha), -beta) }
  }

  private init(side: Int, _ profile: (_ squaredRadius: Double) -> Double) {
    precondition(side % 2 == 1 && (1...99).contains(side), "a kernel of side \(side)")
    let half = side / 2
    var pixels: [Double] = []
    for y in -half...half {
      for x in -half...half { pixels.append(profile(Double(x * x + y * y))) }
    }
    let sum = pixels.reduce(0, +)
    (width, height) = (side, side)
    values = pixels.map { Float($0 / sum) }
  }
}
