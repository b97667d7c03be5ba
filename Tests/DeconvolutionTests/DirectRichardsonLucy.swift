import Pixels

/// The textbook's iteration by sums over pixels, for photons on a background, the scene wider than the image.
struct DirectRichardsonLucy {
  private let image: Plane<Float>
  private let kernel: Plane<Float>
  private let background: Double
  private let reach: Int

  /// - Parameter kernel: of odd side.
  init(_ image: Plane<Float>, _ kernel: Plane<Float>, background: Double) {
    let sum = kernel.elements.reduce(0) { $0 + Double($1) }
    self.image = image
    self.kernel = kernel.map { Float(Double($0) / sum) }
    self.background = background
    reach = kernel.width / 2
  }

  /// The part of the scene under the image.
  func scene(after iterations: Int) -> Plane<Float> {
    let (width, height) = (image.width + 2 * reach, image.height + 2 * reach)
    let mean = image.elements.reduce(0) { $0 + Double($1) - background } / Double(image.count)
    let support = spread([Double](repeating: 1, count: image.count))
    var light = support.map { $0 > 0.01 ? mean : 0 }
    for _ in 0..<iterations {
      let ratio = seen(light).enumerated().map { i, m in
        Double(image[i % image.width, i / image.width]) / (m + background)
      }
      let correction = spread(ratio)
      light = light.indices.map { support[$0] > 0.01 ? light[$0] * correction[$0] / support[$0] : 0 }
    }
    let whole = Plane(width: width, height: height, elements: light.map { Float($0) })
    return whole.cropped(to: PixelWindow(x0: reach, y0: reach, width: image.width, height: image.height))
  }

  private func seen(_ light: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: image.count)
    eachPair { scene, pixel, weight in sums[pixel] += weight * light[scene] }
    return sums
  }

  private func spread(_ values: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: (image.width + 2 * reach) * (image.height + 2 * reach))
    eachPair { scene, pixel, weight in sums[scene] += weight * values[pixel] }
    return sums
  }

  private func eachPair(_ body: (Int, Int, Double) -> Void) {
    for pixel in 0..<image.count {
      for k in 0..<kernel.count {
        // Light at the scene's place s falls on the pixel s + offset.
        let x = pixel % image.width + reach - (k % kernel.width - reach)
        let y = pixel / image.width + reach - (k / kernel.width - reach)
        body(y * (image.width + 2 * reach) + x, pixel, Double(kernel[k % kernel.width, k / kernel.width]))
      }
    }
  }
}
