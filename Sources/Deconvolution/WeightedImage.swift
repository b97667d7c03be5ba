import Pixels

/// An image as the iteration needs it: values less the background and inverse variances, both 0 where a pixel
/// is left out.
struct WeightedImage: Sendable {
  /// How the precision of a pixel is known.
  enum Noise: Sendable {
    /// `precision` is the inverse variance.
    case known
    /// The image counts photons: the variance is the model with the background, and `precision` is 1 where a
    /// pixel is good.
    case photons
  }

  let value: Plane<Float>
  let precision: Plane<Float>
  let noise: Noise
  let background: Float
  let goodPixels: Int
  /// What good pixels count, background included, 0 elsewhere; only of images that count photons.
  let maskedTotal: Plane<Float>

  init(_ image: Plane<Float>, variance: Plane<Float>?, excluding mask: PixelMask, background: Float) {
    let bad = mask.plane
    let (width, height) = (image.width, image.height)
    let precision = Plane<Float>(uninitializedWidth: width, height: height) { out in
      image.withUnsafeBuffer { image in
        bad.withUnsafeBuffer { bad in
          for i in out.indices {
            out.initializeElement(at: i, to: bad[i] == 0 && image[i].isFinite ? 1 : 0)
          }
        }
      }
      variance?.withUnsafeBuffer { variance in
        for i in out.indices {
          let inverse = 1 / variance[i]
          out[i] *= variance[i] > 0 && inverse > 0 && inverse.isFinite ? inverse : 0
          if out[i].isNaN { out[i] = 0 }
        }
      }
    }
    value = Plane(uninitializedWidth: width, height: height) { out in
      image.withUnsafeBuffer { image in
        precision.withUnsafeBuffer { precision in
          for i in out.indices {
            out.initializeElement(at: i, to: precision[i] > 0 ? image[i] - background : 0)
          }
        }
      }
    }
    maskedTotal =
      variance == nil
      ? combine(value, precision) { d, good in good > 0 ? max(d + background, 0) : 0 }
      : Plane(width: 0, height: 0, repeating: 0)
    self.precision = precision
    noise = variance == nil ? .photons : .known
    self.background = background
    goodPixels = precision.withUnsafeBuffer { $0.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }
  }
}
