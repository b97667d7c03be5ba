import Pixels

extension Instrument {
  /// The level 1 frame of `exposure` as the detector server makes it (see `RampTiming` for its error), in
  /// adu/s.
  ///
  /// - Throws: `unknown-detector` when the instrument was made without the exposure's detector, `read-window` when the
  ///   window does not lie on it.
  public func rate(of exposure: Exposure, scene: Scene) throws(SimulatorError) -> Measured {
    let window = exposure.readWindow(size: size)
    return try simulator(exposure, memory: nil).rate(of: scene.expected.cropped(to: window))
  }

  /// The reads of `exposure` in adu, (integration, read, y, x).
  ///
  /// - Throws: `unknown-detector` when the instrument was made without the exposure's detector.
  public func ramp(of exposure: Exposure, scene: Scene) throws(SimulatorError) -> Ramp<UInt16> {
    var nothing: PersistenceMemory?
    return try simulatedRamp(of: exposure, scene: scene, memory: &nothing).samples
  }

  /// The name of an exposure among all random streams of the seed.
  func stream(of exposure: Exposure, _ detector: DetectorModel) -> [UInt64] {
    [seed, detector.identity, 0xa2, UInt64(exposure.number)]
  }

  func simulator(
    _ exposure: Exposure, memory: PersistenceMemory?
  ) throws(SimulatorError) -> RampSimulator {
    let detector = try detector(exposure.frameClass.detector)
    let (window, stream) = (exposure.readWindow(size: size), stream(of: exposure, detector))
    guard window.fits(size) else {
      throw SimulatorError(
        code: "read-window", message: "the window does not lie on the detector of \(size) pixels",
        subject: "\(window.x + 1),\(window.y + 1),\(window.width),\(window.height)")
    }
    let timing = exposure.timing(size: size)
    let reader = detector.readout.map { model in
      DetailedReader(
        detector: detector, model: model, timing: timing, window: window, stream: stream,
        ramps: DisturbancePlan(
          detector: detector, model: model, exposure: exposure, size: size, stream: stream
        ).draw(memory: memory), frameSeconds: Exposure.frameSeconds(size: size))
    }
    return RampSimulator(detector: detector, timing: timing, stream: stream, window: window, reader: reader)
  }
}
