import Pixels

/// The transform of a PSF, its centre at the first pixel, divided by the transform's number of pixels.
struct Spectrum: Sendable {
  /// Real and imaginary parts in turn.
  private let values: Plane<Float>

  init(_ psf: Plane<Float>, _ transform: TransformPair) {
    values = transform.withScratch { scratch in
      for y in 0..<psf.height {
        let row = (y - psf.height / 2 + transform.height) % transform.height * transform.stride
        for x in 0..<psf.width {
          scratch.base[row + (x - psf.width / 2 + transform.width) % transform.width] = psf[x, y]
        }
      }
      transform.forward(scratch)
      let scale = 1 / Float(transform.width * transform.height)
      return Plane(uninitializedWidth: transform.stride, height: transform.height) { out in
        for i in out.indices { out.initializeElement(at: i, to: scratch.base[i] * scale) }
      }
    }
  }

  /// Convolves what is in `scratch` with the PSF, or correlates it (`isTransposed`).
  func filter(_ scratch: Scratch, _ transform: TransformPair, isTransposed: Bool) {
    transform.forward(scratch)
    let sign: Float = isTransposed ? -1 : 1
    let data = scratch.base
    values.withUnsafeBuffer { factors in
      guard let factors = factors.baseAddress else { return }
      for i in stride(from: 0, to: scratch.count, by: 2) {
        let (a, b) = (data[i], data[i &+ 1])
        let (c, d) = (factors[i], sign * factors[i &+ 1])
        data[i] = a * c - b * d
        data[i &+ 1] = a * d + b * c
      }
    }
    transform.backward(scratch)
  }
}
