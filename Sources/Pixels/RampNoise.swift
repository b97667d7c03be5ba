/// Gain and read noise of sixteen pixels.
struct NoiseLanes {
  /// Squared read noise of a single read in data numbers.
  var read = Lanes.zero
  /// Data numbers per electron.
  var inverseGain = Lanes.zero
  /// `NO_GAIN_VALUE` and `UNRELIABLE_ERROR` where a plane has no number.
  var flags = FlagLanes.zero
  /// Where there is no number at all.
  var missing = LaneMask(repeating: false)
}

/// Gain and read noise of all pixels of a ramp: one number, or a plane of them with the number in its gaps.
struct RampNoise: Sendable {
  /// A floor for the squared read noise in data numbers, that of a detector without any.
  static var least: Float { 1e-6 }

  private let gain: Float
  private let readNoise: Float
  private let gainPlane: SharedPixels<Float>?
  private let readNoisePlane: SharedPixels<Float>?

  /// The noise, or nil when gain or read noise are not known. The caller holds the planes.
  init?(gain: Float?, readNoise: Float?, gainPlane: Plane<Float>?, readNoisePlane: Plane<Float>?) {
    guard gain != nil || gainPlane != nil, readNoise != nil || readNoisePlane != nil else { return nil }
    self.gain = gain ?? .nan
    self.readNoise = readNoise ?? .nan
    self.gainPlane = gainPlane?.laneBase
    self.readNoisePlane = readNoisePlane?.laneBase
  }

  /// The noise of the sixteen pixels from `i` on.
  @inline(__always)
  func lanes(at i: Int) -> NoiseLanes {
    var noise = NoiseLanes()
    if gainPlane == nil, readNoisePlane == nil {
      noise.inverseGain = Lanes(repeating: 1 / gain)
      noise.read = Lanes(repeating: (readNoise / gain) * (readNoise / gain))
      return noise
    }
    return fromPlanes(at: i)
  }

  private func fromPlanes(at i: Int) -> NoiseLanes {
    var noise = NoiseLanes()
    var g = Lanes(repeating: gain)
    var r = Lanes(repeating: readNoise)
    if let gainPlane {
      let own = gainPlane.base.lanes(i)
      let good = (own .> 0) .& .!own.isNotFinite
      g.replace(with: own, where: good)
      noise.flags = noise.flags.raising(DQ.noGainValue | DQ.unreliableError, where: .!good)
    }
    if let readNoisePlane {
      let own = readNoisePlane.base.lanes(i)
      let good = (own .>= 0) .& .!own.isNotFinite
      r.replace(with: own, where: good)
      noise.flags = noise.flags.raising(DQ.unreliableError, where: .!good)
    }
    noise.missing = (g.isNotFinite .| r.isNotFinite)
    noise.inverseGain = (1 / g).replacing(with: 0, where: noise.missing)
    noise.read = (r * noise.inverseGain * (r * noise.inverseGain)).replacing(with: 1, where: noise.missing)
    return noise
  }
}
