/// An image made ready for a search: in electrons, with its variance, finite everywhere.
struct CosmicRayInput {
  /// The image less the background.
  var electrons: Plane<Float>
  /// The part of the variance that a median smooths.
  var smoothed: Plane<Float>
  /// What is added to it as it is.
  var added: Plane<Float>?
  /// The background.
  let sky: Plane<Float>?
  /// Pixels that are not finite, or whose variance is not.
  let unusable: PixelMask

  init(_ image: Plane<Float>, background: Plane<Float>?, noise: CosmicRayNoise, gain: Float) {
    let (width, height) = (image.width, image.height)
    func plane() -> Plane<Float> { Plane(uninitializedWidth: width, height: height) { _ in } }
    var (electrons, smoothed) = (plane(), plane())
    var sky = background == nil ? nil : plane()
    var added = background == nil && !noise.addsPlane ? nil : plane()
    var flags = Plane<UInt8>(uninitializedWidth: width, height: height) { _ in }
    let targets = (
      electrons: electrons.filledBase(), smoothed: smoothed.filledBase(), sky: sky?.filledBase(),
      added: added?.filledBase(), flags: flags.filledBase()
    )
    let (source, level) = (image.laneBase, background?.laneBase)
    let kind = noise.kind(gain: gain)
    forEachPixelBand(count: image.count) { band in
      for i in band {
        let value = source.base[i] * gain
        let base = level.map { $0.base[i] * gain } ?? 0
        let (smooth, further) = kind.variance(of: value, over: base, at: i)
        let isFinite = value.isFinite && base.isFinite && smooth.isFinite && further.isFinite
        targets.electrons.base[i] = isFinite ? value - base : 0
        targets.smoothed.base[i] = isFinite ? smooth : 0
        targets.sky?.base[i] = base.isFinite ? base : 0
        targets.added?.base[i] = isFinite ? further : 0
        targets.flags.base[i] = isFinite ? 0 : 1
      }
    }
    withExtendedLifetime((image, background, noise)) {}
    self.electrons = electrons
    self.smoothed = smoothed
    self.added = added
    self.sky = sky
    unusable = PixelMask(nonZero: flags)
  }

  /// Replaces pixels by what is about them; none of `left` are used.
  mutating func replace(
    _ pixels: PixelMask, leaving left: PixelMask?, with kind: CosmicRayOptions.Replacement
  ) {
    let bad = pixels.union(unusable)
    guard !bad.isEmpty else { return }
    let replacement = CosmicRayReplacement(kind: kind, width: bad.width, height: bad.height)
    let (all, own) = ((left.map(bad.union) ?? bad).plane, bad.plane)
    let (kept, needed) = (left?.plane, unusable.plane)
    let indices = own.withUnsafeBuffer { own in own.indices.filter { own[$0] != 0 } }.filter { i in
      let place = (x: i % own.width, y: i / own.width)
      return needed[place.x, place.y] != 0 || (kept.map { $0[place.x, place.y] == 0 } ?? true)
    }
    _ = replacement.replace(indices, in: &electrons, all)
    _ = replacement.replace(indices, in: &smoothed, all)
  }

  /// Large areas at or above `level` electrons, and 4 pixels about them: cores of saturated stars.
  ///
  /// A ray that saturates a pixel or two is none, since the median about it stays low.
  func saturatedArea(level: Float, isSeparable: Bool) -> PixelMask? {
    guard level.isFinite else { return nil }
    let (width, height) = (electrons.width, electrons.height)
    let total =
      sky.map { sky in
        Plane(width: width, height: height, elements: zip(electrons.elements, sky.elements).map { $0 + $1 })
      } ?? electrons
    let half = isSeparable ? 3 : 2
    let area = total.withUnsafeBuffer { values in
      Plane<UInt8>(uninitializedWidth: width, height: height) { area in
        for i in values.indices {
          guard values[i] >= level else {
            area[i] = 0
            continue
          }
          let middle = Self.median(
            about: i, in: values, width: width, height: height, half: half, isSeparable: isSeparable)
          area[i] = middle > level / 10 ? 1 : 0
        }
      }
    }
    // Twice the 5 x 5 without its corners.
    return PixelMask(nonZero: area).dilated(by: 5.0.squareRoot()).dilated(by: 5.0.squareRoot())
  }

  private static func median(
    about i: Int, in values: UnsafeBufferPointer<Float>, width: Int, height: Int, half: Int, isSeparable: Bool
  ) -> Float {
    let (x, y) = (i % width, i / width)
    guard x >= half, y >= half, x < width - half, y < height - half else { return values[i] }
    let rows = (y - half...y + half).map { v in Array(values[v * width + x - half...v * width + x + half]) }
    func middle(_ samples: [Float]) -> Float { samples.sorted()[samples.count / 2] }
    return isSeparable ? middle(rows.map(middle)) : middle(Array(rows.joined()))
  }
}

extension CosmicRayNoise {
  /// Whether a plane is added to the variance.
  fileprivate var addsPlane: Bool {
    if case .photonsAnd = self { return true }
    return false
  }

  /// The same in electrons, with planes as memory.
  fileprivate func kind(gain: Float) -> VarianceInElectrons {
    switch self {
    case .counts(let readNoise): .counts(readNoise * readNoise)
    case .photonsAnd(let plane): .photonsAnd(plane.laneBase, gain * gain)
    case .variance(let plane): .variance(plane.laneBase, gain * gain)
    }
  }
}

/// `CosmicRayNoise` in squared electrons.
private enum VarianceInElectrons: Sendable {
  case counts(Float)
  case photonsAnd(SharedPixels<Float>, Float)
  case variance(SharedPixels<Float>, Float)

  /// The part that is smoothed, and the part that is not: the background's photons are known well.
  @inline(__always)
  func variance(of value: Float, over base: Float, at i: Int) -> (smoothed: Float, added: Float) {
    switch self {
    case .counts(let square): (value - base + square, base)
    case .photonsAnd(let plane, let factor): (value - base, base + plane.base[i] * factor)
    case .variance(let plane, let factor): (plane.base[i] * factor - base, base)
    }
  }
}
