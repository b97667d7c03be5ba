/// The three planes of an image as kernels read them.
struct MeasuredLanes: Sendable {
  let value: SharedPixels<Float>
  let error: SharedPixels<Float>
  let quality: SharedPixels<UInt32>

  init(_ image: Measured) {
    value = image.value.laneBase
    error = image.error.laneBase
    quality = image.quality.laneBase
  }
}

/// The arithmetic of `calibrate` on sixteen pixels.
struct CalibrationLanes: Sendable {
  private let science: MeasuredLanes
  private let dark: MeasuredLanes?
  private let sky: MeasuredLanes?
  private let flat: MeasuredLanes?
  private let sharedError: SharedPixels<Float>?
  /// k, k², the dark's factor, its square, and 2k.
  private let k, kk, darkFactor, darkFactorSquared, twoK: Float

  init(_ science: Measured, _ frames: CalibrationFrames) {
    self.science = MeasuredLanes(science)
    dark = frames.dark.map(MeasuredLanes.init)
    sky = frames.sky.map(MeasuredLanes.init)
    flat = frames.flat.map(MeasuredLanes.init)
    sharedError = frames.sharedError?.laneBase
    k = frames.skyScale
    kk = k * k
    darkFactor = frames.sky != nil && frames.skyHoldsDark ? 1 - k : 1
    darkFactorSquared = darkFactor * darkFactor
    twoK = 2 * k
  }

  @inline(__always)
  func calibrate(
    _ i: Int, _ value: UnsafeMutablePointer<Float>, _ error: UnsafeMutablePointer<Float>,
    _ quality: UnsafeMutablePointer<UInt32>
  ) {
    var x = science.value.base.lanes(i)
    let e = science.error.base.lanes(i)
    var variance = e * e
    var flags = science.quality.base.lanes(i)
    if let dark { subtractDark(dark, i, &x, &variance, &flags) }
    if let sky { subtractSky(sky, i, &x, &variance, &flags) }
    if let sharedError {
      let shared = sharedError.base.lanes(i)
      variance -= twoK * (shared * shared)
      variance = variance.replacing(with: 0, where: variance .< 0)
    }
    if let flat { divide(flat, i, &x, &variance, &flags) }
    let lost = Self.isNotFinite(x)
    let unknown = Self.isNotFinite(variance)
    let sigma = variance.squareRoot().replacing(with: .nan, where: lost .| unknown)
    flags = flags.raising(DQ.doNotUse, where: lost)
    // A pixel that is lost has no error to be unsure of.
    flags = flags.raising(DQ.unreliableError, where: unknown .& .!lost)
    value.store(x.replacing(with: .nan, where: lost), at: i)
    error.store(sigma, at: i)
    quality.store(flags, at: i)
  }

  /// NaN and the infinities: what is left of them less themselves is NaN, and of everything else 0.
  @inline(__always)
  private static func isNotFinite(_ x: Lanes) -> SIMDMask<Lanes.MaskStorage> { (x - x) .!= 0 }

  @inline(__always)
  private func subtractDark(
    _ dark: MeasuredLanes, _ i: Int, _ x: inout Lanes, _ variance: inout Lanes, _ flags: inout FlagLanes
  ) {
    let d = dark.value.base.lanes(i)
    let e = dark.error.base.lanes(i)
    let missing = Self.isNotFinite(d)
    x -= darkFactor * d.replacing(with: 0, where: missing)
    variance += darkFactorSquared * (e * e).replacing(with: 0, where: missing)
    flags = (flags | dark.quality.base.lanes(i)).raising(DQ.unreliableDark, where: missing)
  }

  @inline(__always)
  private func subtractSky(
    _ sky: MeasuredLanes, _ i: Int, _ x: inout Lanes, _ variance: inout Lanes, _ flags: inout FlagLanes
  ) {
    let e = sky.error.base.lanes(i)
    x -= k * sky.value.base.lanes(i)
    variance += kk * (e * e)
    flags |= sky.quality.base.lanes(i)
  }

  @inline(__always)
  private func divide(
    _ flat: MeasuredLanes, _ i: Int, _ x: inout Lanes, _ variance: inout Lanes, _ flags: inout FlagLanes
  ) {
    let f = flat.value.base.lanes(i)
    let e = flat.error.base.lanes(i)
    let q = flat.quality.base.lanes(i)
    // A flat that is not a positive finite number fails one of these two comparisons (NaN fails both).
    let usable = (f .> 0) .& (f .<= Float.greatestFiniteMagnitude) .& .!q.has(DQ.noFlatField)
    let inverse = 1 / Lanes(repeating: 1).replacing(with: f, where: usable)
    x *= inverse
    let flatTerm = Lanes.zero.replacing(with: x * e, where: usable)
    variance = (variance + flatTerm * flatTerm) * (inverse * inverse)
    flags = (flags | q).raising(DQ.noFlatField | DQ.doNotUse, where: .!usable)
  }
}
