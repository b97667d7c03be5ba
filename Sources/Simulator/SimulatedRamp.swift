import Pixels

/// The reads of an exposure, with what is known of them that the reads do not tell.
public struct SimulatedRamp: Sendable {
  /// The reads in adu, (integration, read, y, x) of the window; each coadd is an integration of its own.
  public let samples: Ramp<UInt16>
  /// What is true of them.
  public let truth: RampTruth
}

/// What is true of the reads of one exposure. Empty where the detector has an ideal amplifier.
public struct RampTruth: Sendable {
  /// Cosmic rays, ramp by ramp in the order they came.
  public var cosmicRays: [CosmicRay] = []
  /// First read of each ramp in which a pixel is full or the converter at its end; the number of reads where none is.
  public var saturatedFrom: [Plane<Int16>] = []
  /// Electrons that each pixel of the window gets out of traps over the first ramp; nil without persistence.
  public var released: Plane<Float>?
  /// Drift of each output (adu/s), by ramp.
  public var channelDrifts: [[Double]] = []
  /// `READQUAL` of (ramp, read).
  public var readQuality: [[Double]] = []
}

extension Instrument {
  /// The reads of `exposure` with their truth; `memory` is brought on to the end of the exposure.
  ///
  /// - Parameter memory: what earlier exposures left in the detector; nil for nothing.
  /// - Throws: `unknown-detector`, or `read-window` when the window does not lie on the detector.
  public func simulatedRamp(
    of exposure: Exposure, scene: Scene, memory: inout PersistenceMemory?
  ) throws(SimulatorError) -> SimulatedRamp {
    let detector = try detector(exposure.frameClass.detector)
    let simulator = try simulator(exposure, memory: memory)
    let window = exposure.readWindow(size: size)
    let (samples, saturated) = simulator.exposed(
      to: scene.expected.cropped(to: window), integrations: exposure.ramps * exposure.coadds)
    var truth = truth(exposure, detector, simulator)
    truth.saturatedFrom = saturated
    if let model = detector.readout, model.options.persistence > 0 {
      remember(saturated, exposure, detector, model, &memory)
    }
    return SimulatedRamp(samples: samples, truth: truth)
  }

  /// What is true of the reads before any is made: all but saturation.
  func truth(_ exposure: Exposure, _ detector: DetectorModel, _ simulator: RampSimulator) -> RampTruth {
    var truth = RampTruth()
    guard let model = detector.readout, let reader = simulator.reader else { return truth }
    truth.cosmicRays = reader.ramps.flatMap { ramp in
      ramp.hits.values.flatMap { $0 }.sorted { ($0.event, $0.y, $0.x) < ($1.event, $1.y, $1.x) }
    }
    truth.channelDrifts = reader.ramps.map(\.drifts)
    truth.readQuality = exposure.readQuality(least: model.options.leastQuality, stream: simulator.stream)
    if let trapped = reader.ramps[0].trapped {
      let last = reader.timing.readTimes.last ?? 0
      let share = Float(1 - Double.exp(-last / model.options.persistenceSeconds))
      truth.released = trapped.cropped(to: reader.window).map { $0 * share }
    }
    return truth
  }

  private func remember(
    _ saturated: [Plane<Int16>], _ exposure: Exposure, _ detector: DetectorModel, _ model: ReadoutModel,
    _ memory: inout PersistenceMemory?
  ) {
    var later = memory ?? PersistenceMemory(detector: detector, at: exposure.begin)
    later.advance(to: exposure.end(size: size))
    let reads = Int16(clamping: exposure.sampling.readsPerRamp)
    var isFull = saturated[0].map { UInt8($0 < reads ? 1 : 0) }
    for plane in saturated.dropFirst() {
      isFull.withUnsafeMutableBuffer { full in
        plane.withUnsafeBuffer { for i in full.indices where $0[i] < reads { full[i] = 1 } }
      }
    }
    later.trap(
      isFull, in: exposure.readWindow(size: size), share: model.options.persistence, fullWell: model.fullWell)
    memory = later
  }
}

extension Plane {
  /// The pixels of `window`, which must lie on the plane.
  func cropped(to window: ReadWindow) -> Plane {
    if window == ReadWindow(x: 0, y: 0, width: width, height: height) { return self }
    return withUnsafeBuffer { source in
      Plane(uninitializedWidth: window.width, height: window.height) { out in
        for y in 0..<window.height {
          let start = (y + window.y) * width + window.x
          for x in 0..<window.width { out[y * window.width + x] = source[start + x] }
        }
      }
    }
  }
}
