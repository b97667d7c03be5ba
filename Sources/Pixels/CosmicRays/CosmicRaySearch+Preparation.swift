extension CosmicRaySearch {
  /// A search in an image of any unit; see `findCosmicRays`.
  init(
    _ image: Plane<Float>, excluding excluded: PixelMask?, saturated: PixelMask?, background: Plane<Float>?,
    level: Float, noise: CosmicRayNoise, options: CosmicRayOptions
  ) {
    let empty = PixelMask(width: image.width, height: image.height)
    var input = CosmicRayInput(image, background: background, noise: noise, gain: options.gain)
    let bad = input.unusable.union(excluded ?? empty)
    let cores = (saturated ?? empty).dilated(by: 4).union(
      input.saturatedArea(level: options.saturation, isSeparable: options.medians == .separable) ?? empty)
    // What is not finite is replaced in any case, as medians cannot order it; by a median, as rays are not known yet.
    input.replace(options.repairsMasked ? bad : empty, leaving: cores, with: .median)
    let blocked = (options.repairsMasked ? bad : bad.dilated(by: 2.0.squareRoot())).union(cores)
    self.init(
      image: input.electrons, smoothed: input.smoothed, added: input.added,
      addedLevel: level * options.gain, background: input.sky, marks: blocked.plane, options: options)
  }
}
