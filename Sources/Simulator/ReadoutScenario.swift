import Foundation

/// Exposures of several detectors at once, whose readouts arrive one by one in any order and not all of them: what an
/// archive that assembles exposures has to cope with.
public struct ReadoutScenario: Sendable {
  /// What is to be simulated.
  public struct Options: Sendable, Hashable {
    public var seed: UInt64 = 1
    public var detectorSize = 64
    /// Exposures in all, each with `ramps` ramps of `reads` reads.
    public var exposures = 10
    public var reads = 20
    public var ramps = 1
    /// Seconds of each ramp.
    public var seconds = 60.0
    /// Detectors in turn, as the first half of the OBSNAME.
    public var channels = ["IMG1", "IMG2", "IMG3", "IMG4", "LEN"]
    /// Reads that never come; that are spoiled; that end early; that say `COMPLETE` = F; that come late; of poor
    /// quality. No read has two of these.
    public var missing = 0
    public var corrupted = 0
    public var truncated = 0
    public var incomplete = 0
    public var late = 0
    public var poor = 0
    /// Seconds that late reads come later.
    public var lateSeconds = 600.0
    /// Whether the readouts are delivered in random order, else as they are ready.
    public var isShuffled = false
    /// Whether readouts carry only the keywords of readouts, and each exposure's level 1 frame is written beside them.
    public var isBare = false
    /// Instead of a real one, a detector with an ideal amplifier.
    public var isIdeal = false
    public var start = Night.defaultStart

    /// Ten exposures of twenty reads, all of them in order.
    public init() {}

    /// Reads of all exposures.
    public var readouts: Int { exposures * ramps * reads }
    /// Reads that something is wrong with.
    public var faults: Int { missing + corrupted + truncated + incomplete + late + poor }
  }

  public let options: Options
  /// The instrument and the exposures, with their faults.
  public let night: Night

  /// Plans a scenario.
  ///
  /// - Throws: `bad-scenario` when the numbers are out of range or there are more faults than reads.
  public init(_ options: Options) throws(SimulatorError) {
    self.options = options
    try Self.check(options)
    var detector = DetectorModel.Options()
    detector.readout = options.isIdeal ? nil : ReadoutOptions()
    let names = options.channels.compactMap { FrameClass(channel: $0, purpose: .science)?.detector }
    let instrument = Instrument(
      seed: options.seed, size: options.detectorSize, detectors: Array(Set(names)).sorted(), options: detector
    )
    night = Night(instrument: instrument, exposures: Self.plan(options))
  }

  private static func check(_ options: Options) throws(SimulatorError) {
    let counts = [
      options.missing, options.corrupted, options.truncated, options.incomplete, options.late, options.poor,
    ]
    let known = options.channels.allSatisfy { FrameClass(channel: $0, purpose: .science) != nil }
    guard (16...8192).contains(options.detectorSize), (1...1000).contains(options.exposures),
      (2...1000).contains(options.reads), (1...100).contains(options.ramps), !options.channels.isEmpty, known,
      options.seconds > 0, options.seconds <= 100_000, options.lateSeconds >= 0
    else {
      throw SimulatorError(
        code: "bad-scenario", message: "a number of the scenario is out of range",
        subject: "\(options.exposures) exposures of \(options.ramps) x \(options.reads) reads",
        hint: "detectors of 16 to 8192 pixels, 2 to 1000 reads; channels IMG1 … IMG4, SLI, LEN")
    }
    guard counts.allSatisfy({ $0 >= 0 }), options.faults <= options.readouts else {
      throw SimulatorError(
        code: "bad-scenario", message: "there are more faults than reads to have them",
        subject: "\(options.faults) faults, \(options.readouts) reads")
    }
  }

  // MARK: the plan

  /// Exposures of the detectors in turn: each begins a little after the one before, those of one detector one after
  /// another.
  private static func plan(_ options: Options) -> [Exposure] {
    var free: [String: SimulatedTime] = [:]
    var numbers: [String: Int] = [:]
    var exposures: [Exposure] = []
    for index in 0..<options.exposures {
      let channel = options.channels[index % options.channels.count]
      guard let frameClass = FrameClass(channel: channel, purpose: .science) else { continue }
      let own = options.start.advanced(by: 1.7 * Double(index))
      var exposure = Exposure(
        frameClass, seconds: options.seconds, sampling: .utr(reads: options.reads),
        begin: max(own, free[frameClass.detector] ?? own))
      exposure.order = index
      exposure.number = (numbers[frameClass.detector] ?? 0) + 1
      numbers[frameClass.detector] = exposure.number
      (exposure.delivery, exposure.ramps) = (.readouts, options.ramps)
      exposure.readoutsCarryHeaders = !options.isBare
      exposure.observation.program = "P005"
      exposure.observation.object = "Simulated field"
      exposure.observation.coordinates = .init(ra: 83.8397, dec: -5.4201)
      free[frameClass.detector] = exposure.end(size: options.detectorSize).advanced(by: 3)
      exposures.append(exposure)
    }
    addFaults(options, to: &exposures)
    return exposures
  }

  /// Draws the reads that something is wrong with.
  private static func addFaults(_ options: Options, to exposures: inout [Exposure]) {
    var random = RandomStream(options.seed, 0xfa17)
    var places = Array(0..<options.readouts)
    places.shuffle(using: &random)
    let kinds: [(Int, () -> ReadFault.Kind)] = [
      (options.missing, { .missing }), (options.corrupted, { .corrupted }),
      (options.truncated, { .truncated }), (options.incomplete, { .incomplete }),
      (options.late, { .late(seconds: options.lateSeconds) }),
      (options.poor, { .poor(quality: (random.uniform(in: 0.05..<0.5) * 1000).rounded() / 1000, glitch: 0) }),
    ]
    let each = options.ramps * options.reads
    for (count, kind) in kinds {
      for _ in 0..<count {
        let (exposure, read) = places.removeLast().quotientAndRemainder(dividingBy: each)
        exposures[exposure].faults.append(
          ReadFault(ramp: read / options.reads, read: read % options.reads, kind: kind()))
      }
    }
  }
}
