/// F of single pixels: how sharp a star could be there, in units of noise.
///
/// Only pixels that stand out are asked about, so no image of F is made.
struct CosmicRayFineStructure: Sendable {
  /// F is no less than this.
  static let least: Float = 0.01

  let width: Int
  let height: Int
  let image: SharedPixels<Float>
  let noise: SharedPixels<Float>
  let mode: CosmicRayOptions.FineStructure
  let isSeparable: Bool
  /// Of 5 along rows and columns, or of a square of 3 x 3; and of 9, along each.
  private let small: LaneMedian
  private let large = LaneMedian(of: 9)

  /// Half the side of the large median.
  private var half: Int { isSeparable ? 4 : 3 }
  /// Half the side of the small one.
  private var smallHalf: Int { isSeparable ? 2 : 1 }

  /// How far from a pixel its F may depend on the image.
  var reach: Int {
    switch mode {
    case .median: half + smallHalf
    // The noise is a median itself.
    case .matched(let kernel): half + max(kernel.width, kernel.height) / 2 + 3
    }
  }

  init(
    width: Int, height: Int, image: SharedPixels<Float>, noise: SharedPixels<Float>, options: CosmicRayOptions
  ) {
    self.width = width
    self.height = height
    self.image = image
    self.noise = noise
    mode = options.fineStructure
    isSeparable = options.medians == .separable
    small = LaneMedian(of: options.medians == .separable ? 5 : 9)
  }

  /// F at a pixel; `least` where the large median does not fit in the image.
  func value(x: Int, y: Int) -> Float {
    guard x >= half, y >= half, x < width - half, y < height - half else { return Self.least }
    let side = 2 * half + 1
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * 16) { window in
      window.initialize(repeating: 0)
      guard let base = window.baseAddress else { return Self.least }
      switch mode {
      case .median: smoothed(x: x, y: y, to: base)
      case .matched(let kernel): matched(kernel, x: x, y: y, to: base)
      }
      let centre = base[half * 16 + half]
      let middle = isSeparable ? separableMedian(base) : squareMedian(base, side: side)
      return max((centre - middle) / noise.base[y * width + x], Self.least)
    }
  }

  /// The small medians of the pixels about (x, y), in rows of 16.
  private func smoothed(x: Int, y: Int, to window: UnsafeMutablePointer<Float>) {
    let (side, reach, stride) = (2 * half + 1, half + smallHalf, 32)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 13 * stride * 2) { memory in
      memory.initialize(repeating: 0)
      guard let pixels = memory.baseAddress else { return }
      copy(image, x: x, y: y, reach: reach, to: pixels, stride: stride)
      let rowMedians = pixels + 13 * stride
      small.withSamples { samples, median in
        if isSeparable {
          for row in 0..<side + 2 * smallHalf {
            for k in 0..<5 { samples[k] = pixels.lanes(row * stride + k) }
            rowMedians.store(median(samples), at: row * stride)
          }
          for row in 0..<side {
            for k in 0..<5 { samples[k] = rowMedians.lanes((row + k) * stride) }
            window.store(median(samples), at: row * 16)
          }
        } else {
          for row in 0..<side {
            for k in 0..<9 { samples[k] = pixels.lanes((row + k / 3) * stride + k % 3) }
            window.store(median(samples), at: row * 16)
          }
        }
      }
      restoreBorder(x: x, y: y, from: pixels, stride: stride, in: window)
    }
  }

  /// At the image's border there is no median: pixels stand for themselves.
  private func restoreBorder(
    x: Int, y: Int, from pixels: UnsafeMutablePointer<Float>, stride: Int,
    in window: UnsafeMutablePointer<Float>
  ) {
    let reach = half + smallHalf
    if x >= reach, y >= reach, x < width - reach, y < height - reach { return }
    for row in 0...2 * half {
      for column in 0...2 * half {
        let (i, j) = (x - half + column, y - half + row)
        let isInside =
          i >= smallHalf && j >= smallHalf && i < width - smallHalf && j < height - smallHalf
        if !isInside {
          window[row * 16 + column] = pixels[(row + smallHalf) * stride + column + smallHalf]
        }
      }
    }
  }

  /// The image convolved with a PSF and the inverse variance, in rows of 16: the flux if it were a point source.
  private func matched(_ kernel: PSFKernel, x: Int, y: Int, to window: UnsafeMutablePointer<Float>) {
    let (kx, ky) = (kernel.width / 2, kernel.height / 2)
    let reach = half + max(kx, ky)
    let stride = 2 * reach + 1
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * stride * stride) { memory in
      memory.initialize(repeating: 0)
      guard let signal = memory.baseAddress else { return }
      let weight = signal + stride * stride
      copy(image, x: x, y: y, reach: reach, to: signal, stride: stride)
      copy(noise, x: x, y: y, reach: reach, to: weight, stride: stride)
      for i in 0..<stride * stride where weight[i] > 0 {
        signal[i] = signal[i] / weight[i] / weight[i]
        weight[i] = 1 / weight[i] / weight[i]
      }
      for row in 0...2 * half {
        for column in 0...2 * half {
          var (top, bottom) = (Float(0), Float(0))
          for dy in -ky...ky {
            for dx in -kx...kx {
              let value = kernel.values[(dy + ky) * kernel.width + dx + kx]
              let at = (row + reach - half + dy) * stride + column + reach - half + dx
              top += value * signal[at]
              bottom += value * weight[at]
            }
          }
          window[row * 16 + column] = top / bottom
        }
      }
    }
  }

  /// Copies the square about a pixel, zeros outside the image.
  private func copy(
    _ plane: SharedPixels<Float>, x: Int, y: Int, reach: Int, to target: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    let columns = max(x - reach, 0)..<min(x + reach + 1, width)
    for row in max(y - reach, 0)..<min(y + reach + 1, height) {
      (target + (row - y + reach) * stride + columns.lowerBound - x + reach).update(
        from: plane.base + row * width + columns.lowerBound, count: columns.count)
    }
  }

  /// The median of the medians of nine rows of nine.
  private func separableMedian(_ window: UnsafeMutablePointer<Float>) -> Float {
    var result = Float(0)
    large.withSamples { samples, median in
      // Lanes are rows: sample k of each is its column k.
      for k in 0..<9 {
        var lanes = Lanes.zero
        for row in 0..<9 { lanes[row] = window[row * 16 + k] }
        samples[k] = lanes
      }
      let rows = median(samples)
      for k in 0..<9 { samples[k] = Lanes(repeating: rows[k]) }
      result = median(samples)[0]
    }
    return result
  }

  private func squareMedian(_ window: UnsafeMutablePointer<Float>, side: Int) -> Float {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side) { values in
      for i in 0..<side * side { values.initializeElement(at: i, to: window[i / side * 16 + i % side]) }
      var sorted = values
      sorted.sort()
      return sorted[side * side / 2]
    }
  }
}
