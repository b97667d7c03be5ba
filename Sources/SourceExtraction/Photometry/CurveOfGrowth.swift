import Foundation

/// The light of one star in circles of growing radius.
public struct CurveOfGrowth: Sendable, Equatable {
  /// Radii, pixels, growing.
  public let radii: [Double]
  /// Light within each, sky taken off, in the unit of the image x pixel.
  public let flux: [Double]
  /// One standard deviation of each: pixels and sky level.
  public let error: [Double]
  /// Sky that was taken off.
  public let background: LocalBackground
  /// Bits of ``ApertureSum/Flag`` of the largest circle.
  public let flags: Int

  /// Light within the largest circle.
  public var total: Double { flux.last ?? .nan }

  /// Index of the radius with the largest signal-to-noise ratio; nil where no flux is positive.
  public var bestIndex: Int? {
    let ratios = radii.indices.map { flux[$0] > 0 && error[$0] > 0 ? flux[$0] / error[$0] : 0 }
    guard let best = ratios.indices.max(by: { ratios[$0] < ratios[$1] }), ratios[best] > 0 else { return nil }
    return best
  }

  /// Flux within the `i`-th radius over its error; 0 where there is none.
  public func signalToNoise(_ i: Int) -> Double { error[i] > 0 ? flux[i] / error[i] : 0 }

  /// The light beyond the `i`-th radius, in magnitudes: -2.5 log10(f(largest) / f(r)), not above 0 for a curve that
  /// grows. nil where a flux is not positive.
  public func apertureCorrection(_ i: Int) -> Double? {
    guard flux[i] > 0, total > 0 else { return nil }
    return -2.5 * log10(total / flux[i])
  }
}

extension PhotometryImage {
  /// The curve of growth about a place.
  ///
  /// The variance of each point is that of the pixels plus (area x error of the sky level)².
  /// - Parameters:
  ///   - radii: pixels, positive and growing.
  ///   - sky: inner and outer radius of the annulus in which the sky is measured; nil where there is none left.
  /// - Throws: `photometry-radii`, `photometry-sky` when too few pixels of the annulus are good.
  public func curveOfGrowth(
    x: Double, y: Double, radii: [Double], sky: ClosedRange<Double>? = nil
  ) throws(SourceExtractionError) -> CurveOfGrowth {
    guard let first = radii.first, first > 0, zip(radii, radii.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw SourceExtractionError(
        code: "photometry-radii", message: "radii must be positive and grow", subject: "curve of growth")
    }
    var background = LocalBackground.none
    if let sky {
      guard let found = localBackground(x: x, y: y, inner: sky.lowerBound, outer: sky.upperBound) else {
        throw SourceExtractionError(
          code: "photometry-sky",
          message: "too few good pixels between \(sky.lowerBound) and \(sky.upperBound)",
          subject: "curve of growth", hint: "choose another annulus for the sky")
      }
      background = found
    }
    var (flux, error, flags) = ([Double](), [Double](), 0)
    for radius in radii {
      let sum = try circle(x: x, y: y, radius: radius)
      flux.append(sum.flux - sum.area * background.level)
      error.append((sum.error * sum.error + pow(sum.area * background.error, 2)).squareRoot())
      flags = sum.flags
    }
    return CurveOfGrowth(radii: radii, flux: flux, error: error, background: background, flags: flags)
  }
}
