import Pixels

/// The scene that an iteration improves.
struct Scene {
  private let data: WeightedImage
  private let optics: TiledConvolution
  private var light: Plane<Float>
  /// What the image says of the scene, where that does not change from one iteration to the next: the step's
  /// numerator with known variances, its denominator with photons.
  private let fixed: Plane<Float>
  /// Values under this are the rounding of the transforms.
  private let fixedFloor: Float
  private var acceleration: Acceleration?

  /// A scene of even light wherever the image tells of it.
  init(_ data: WeightedImage, _ optics: TiledConvolution) {
    self.data = data
    self.optics = optics
    let good = combine(data.precision, data.precision) { w, _ in w > 0 ? 1 : 0 }
    let support = optics.applyTransposed(good)
    let level: Float
    switch data.noise {
    case .known:
      // Any level will do: the step does not depend on it.
      fixed = optics.applyTransposed(combine(data.value, data.precision) { $0 * $1 })
      level = 1
    case .photons:
      fixed = support
      let sum = data.value.withUnsafeBuffer { $0.reduce(0.0) { $0 + Double($1) } }
      level = Float(max(sum / Double(data.goodPixels), 1e-6))
    }
    fixedFloor = 1e-6 * greatest(of: fixed)
    // Where less than a hundredth of a pixel's light falls on good pixels, nothing is known of it.
    light = combine(support, support) { s, _ in s > 0.01 ? level : 0 }
  }

  /// Iterates until one of the limits is reached.
  mutating func solve(_ options: DeconvolutionOptions) -> Deconvolved {
    var iterations = 0
    acceleration = options.accelerates ? Acceleration() : nil
    var end = Deconvolved.End.exhausted
    var model = optics.apply(light)
    var fit = fit(of: model)
    while iterations < options.maximumIterations {
      if iterations > 0, chiSquared(of: fit) <= options.chiSquaredGoal {
        end = .explained
        break
      }
      iterations += 1
      // The last step is left as it is.
      if iterations == options.maximumIterations { acceleration = nil }
      let change = step(model)
      model = optics.apply(light)
      fit = self.fit(of: model)
      if change < options.tolerance {
        end = .settled
        break
      }
    }
    return finished(model, fit, iterations, end)
  }

  /// Per good pixel.
  private func chiSquared(of fit: ModelFit) -> Double {
    (data.noise == .known ? fit.scaledChiSquared : fit.chiSquared) / Double(data.goodPixels)
  }

  /// The scene's part under the image, scaled to fit best; with photons the step keeps their number by
  /// itself.
  private func finished(
    _ model: Plane<Float>, _ fit: ModelFit, _ iterations: Int, _ end: Deconvolved.End
  ) -> Deconvolved {
    let scale = data.noise == .known ? Float(fit.amplitude) : 1
    let window = PixelWindow(
      x0: optics.marginX, y0: optics.marginY, width: optics.imageWidth, height: optics.imageHeight)
    let part = light.cropped(to: window)
    let background = data.background
    return Deconvolved(
      image: combine(part, part) { x, _ in x * scale },
      model: combine(model, model) { m, _ in m * scale + background }, iterations: iterations,
      chiSquared: chiSquared(of: fit), end: end)
  }

  /// One step; returns the share of all light that it moved.
  private mutating func step(_ model: Plane<Float>) -> Double {
    let floor = fixedFloor
    switch data.noise {
    case .known:
      let spread = optics.applyTransposed(combine(model, data.precision) { max($0, 0) * $1 })
      // Rounding may leave a trace of light, or of less than none, where there is none.
      let least = 1e-7 * greatest(of: spread)
      return multiplyLight(fixed, spread) { top, bottom in
        top > floor && bottom > 0 ? top / max(bottom, least) : 0
      }
    case .photons:
      let background = data.background
      let least = 1e-7 * greatest(of: model)
      let bottom = max(least, .leastNormalMagnitude)
      let ratio = combine(data.maskedTotal, model) { total, m in total / max(max(m, 0) + background, bottom) }
      return multiplyLight(optics.applyTransposed(ratio), fixed) { top, bottom in
        bottom > 0.01 ? max(top, 0) / bottom : 0
      }
    }
  }

  /// Multiplies the scene by `factor` of two planes, and carries it on along its way; returns the share of
  /// all light that the step itself moved.
  private mutating func multiplyLight(
    _ a: Plane<Float>, _ b: Plane<Float>, _ factor: @Sendable (Float, Float) -> Float
  ) -> Double {
    let factors = combine(a, b, factor)
    // What has all but gone would slow every sum down.
    let next = combine(light, factors) { $0 * $1 < 1e-30 ? 0 : $0 * $1 }
    let sums = sumRows(light, next, next) { old, new, _, sums in
      sums.cross += Double(abs(new - old))
      sums.square += Double(old)
    }
    light = acceleration?.carriedOn(from: light, to: next) ?? next
    return sums.square > 0 ? sums.cross / sums.square : 0
  }

  private func fit(of model: Plane<Float>) -> ModelFit {
    let (background, noise) = (data.background, data.noise)
    return sumRows(data.value, model, data.precision) { d, m, weight, sums in
      guard weight > 0 else { return }
      let precision = noise == .known ? weight : 1 / max(m + background, .leastNormalMagnitude)
      let (value, model) = (Double(d), Double(m))
      sums.chiSquared += (value - model) * (value - model) * Double(precision)
      sums.cross += value * model * Double(precision)
      sums.square += model * model * Double(precision)
      guard m * m * precision > 9 else { return }
      sums.brightLight += value
      sums.brightModel += model
    }
  }
}
