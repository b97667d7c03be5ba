import Pixels
import Simulator

/// A detector of which a test switches on one thing at a time, without bad pixels.
struct DetailedDetector {
  let instrument: Instrument
  let detector: DetectorModel
  let model: ReadoutModel

  init(seed: UInt64 = 1, size: Int = 128, change: (inout ReadoutOptions) -> Void) throws {
    var readout = ReadoutOptions.quiet
    change(&readout)
    var options = DetectorModel.Options()
    (options.hotFraction, options.deadFraction) = (0, 0)
    (options.responseScatter, options.vignetting) = (0, 0)
    options.readout = readout
    instrument = Instrument(seed: seed, size: size, detectors: ["IMG1"], options: options)
    detector = try instrument.detector("IMG1")
    model = detector.readout!
  }

  /// A dark with `leak` electrons per second on every pixel.
  static func exposure(leak: Double, seconds: Double, reads: Int, number: Int = 1) -> Exposure {
    var exposure = Exposure(
      FrameClass(obsName: "IMG1-DRK")!, seconds: seconds, sampling: .utr(reads: reads),
      begin: Night.defaultStart)
    exposure.lightLeak = leak
    exposure.number = number
    exposure.delivery = .ramp
    return exposure
  }

  func ramp(of exposure: Exposure) throws -> SimulatedRamp {
    var nothing: PersistenceMemory?
    return try ramp(of: exposure, after: &nothing)
  }

  func ramp(of exposure: Exposure, after memory: inout PersistenceMemory?) throws -> SimulatedRamp {
    try instrument.simulatedRamp(
      of: exposure, scene: try instrument.scene(of: exposure), memory: &memory)
  }
}

/// Mean and variance of some numbers.
func statistics(_ values: [Double]) -> (mean: Double, variance: Double) {
  let mean = values.reduce(0, +) / Double(values.count)
  let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  return (mean, sum / Double(values.count - 1))
}

extension Ramp where Element == UInt16 {
  /// The difference of two reads of one ramp.
  func difference(_ later: Int, _ earlier: Int, integration: Int = 0) -> [Double] {
    zip(
      plane(integration: integration, read: later).elements,
      plane(integration: integration, read: earlier).elements
    ).map { Double($0) - Double($1) }
  }
}
