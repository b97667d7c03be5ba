import Pixels

extension Instrument {
  /// The level 1 frame of `exposure` as the detector server makes it (see `RampTiming` for its error), in
  /// adu/s.
  ///
  /// - Throws: `unknown-detector` when the instrument was made without the exposure's detector.
  public func rate(of exposure: Exposure, scene: Scene) throws(SimulatorError) -> Measured {
    try simulator(exposure).rate(of: scene.expected)
  }

  /// The reads of `exposure` in adu, (integration, read, y, x).
  ///
  /// - Throws: `unknown-detector` when the instrument was made without the exposure's detector.
  public func ramp(of exposure: Exposure, scene: Scene) throws(SimulatorError) -> Ramp<UInt16> {
    try simulator(exposure).ramp(of: scene.expected, integrations: exposure.ramps)
  }

  private func simulator(_ exposure: Exposure) throws(SimulatorError) -> RampSimulator {
    let detector = try detector(exposure.frameClass.detector)
    return RampSimulator(
      detector: detector, timing: exposure.timing(size: size),
      stream: [seed, detector.identity, 0xa2, UInt64(exposure.number)])
  }
}
