import Glibc

/// Puts exposures one after another: clock, exposure numbers, sequences and their counts.
struct NightPlanner {
  private let seed: UInt64
  private let size: Int
  private let start: SimulatedTime
  private var clock: SimulatedTime
  private var numbers: [String: Int] = [:]
  private var sequences = 0
  private(set) var exposures: [Exposure] = []

  /// Times of the night's exposures: flats and standards, imager science, spectrograph science.
  static let short = (seconds: 10.0, sampling: Sampling.cds)
  static let imager = (seconds: 60.0, sampling: Sampling.utr(reads: 6))
  static let spectrograph = (seconds: 120.0, sampling: Sampling.utr(reads: 5))
  /// Seconds between exposures, and before a new sequence.
  private static let overhead = 3.0
  private static let change = 30.0

  init(seed: UInt64, size: Int, start: SimulatedTime) {
    self.seed = seed
    self.size = size
    self.start = start
    clock = start
  }

  // MARK: the plan

  /// The whole night.
  mutating func planNight() {
    calibrations("IMG1-DRK", 5, Self.short)
    calibrations("IMG1-DRK", 5, Self.imager)
    calibrations("SLI-DRK", 5, Self.short)
    calibrations("LEN-DRK", 5, Self.spectrograph)
    calibrations("IMG1-NFF", 5, Self.short)
    calibrations("SLI-NFF", 5, Self.short)
    calibrations("LEN-SPX", 4, Self.short)
    calibrations("SLI-IDP", 2, Self.short)
    calibrations("LEN-IDP", 2, Self.short)
    // The sky is dark two hours later.
    clock = max(clock, start).advanced(by: 7200)
    for name in ["IMG1-TEL", "SLI-TEL", "LEN-TEL"] { calibrations(name, 1, Self.short) }
    planField("IMG1", Self.imager, skies: 3, deliveries: [.frame, .ramp, .readouts, .frame, .ramp])
    planField("LEN", Self.spectrograph, skies: 3, deliveries: [.frame, .frame, .frame])
    planField("SLI", Self.spectrograph, skies: 3, deliveries: [.frame, .frame, .frame])
  }

  /// Calibrations, skies and science of the imager alone.
  mutating func planImager(darks: Int, flats: Int, skies: Int, deliveries: [Exposure.Delivery]) {
    calibrations("IMG1-DRK", darks, Self.short)
    calibrations("IMG1-DRK", darks, Self.imager)
    calibrations("IMG1-NFF", flats, Self.short)
    planField("IMG1", Self.imager, skies: skies, deliveries: deliveries)
  }

  /// A night of the imager with several detectors: calibrations of each, a flux standard and a pinhole grid, then skies
  /// and a dither pattern, all detectors at once.
  mutating func planDithers(
    detectors: [String], darks: Int, flats: Int, skies: Int, dithers: Int, standards: Int, pinholes: Int
  ) {
    func together(_ plan: (inout NightPlanner, String) -> Void) {
      let (begin, first) = (clock, sequences)
      for detector in detectors {
        (clock, sequences) = (begin, first)
        plan(&self, detector)
      }
    }
    together { $0.calibrations("\($1)-DRK", darks, Self.short) }
    together { $0.calibrations("\($1)-DRK", darks, Self.imager) }
    together { $0.calibrations("\($1)-NFF", flats, Self.short) }
    together { $0.calibrations("\($1)-PIN", pinholes, Self.short) }
    clock = max(clock, start).advanced(by: 7200)
    together { $0.calibrations("\($1)-STD", standards, Self.short) }
    together {
      $0.planField(
        $1, Self.imager, skies: skies, deliveries: Array(repeating: .frame, count: dithers))
    }
    exposures.sort { ($0.begin, $0.order) < ($1.begin, $1.order) }
    for index in exposures.indices { exposures[index].order = index }
  }

  /// `count` equal frames of a calibration, counted by IFRAME of IFRAMES.
  private mutating func calibrations(
    _ obsName: String, _ count: Int, _ setting: (seconds: Double, sampling: Sampling)
  ) {
    guard count > 0, let frameClass = FrameClass(obsName: obsName) else { return }
    var observation = nextObservation(program: "CAL", frameClass)
    if frameClass.purpose == .standard {
      observation.object = "SIM-A0V-18.5"
      observation.coordinates = .init(ra: 82.5, dec: -4.5)
    }
    if frameClass.purpose == .telluric {
      observation.object = "HIP 69021"
      observation.coordinates = .init(ra: 211.915, dec: 5.122)
    }
    for index in 1...count {
      var exposure = Exposure(frameClass, seconds: setting.seconds, sampling: setting.sampling, begin: clock)
      exposure.observation = observation
      (exposure.frame, exposure.frames) = (index, count)
      append(exposure)
    }
  }

  /// A sky set and a dither pattern with one exposure per position.
  private mutating func planField(
    _ channel: String, _ setting: (seconds: Double, sampling: Sampling), skies: Int,
    deliveries: [Exposure.Delivery]
  ) {
    guard let sky = FrameClass(channel: channel, purpose: .sky),
      let science = FrameClass(channel: channel, purpose: .science)
    else { return }
    var observation = nextObservation(program: "P003", science)
    observation.object = channel.hasPrefix("IMG") ? "Orion Bar" : "SDSS J1430+1339"
    observation.coordinates =
      channel.hasPrefix("IMG") ? .init(ra: 83.8397, dec: -5.4201) : .init(ra: 217.6249, dec: 13.6534)
    // The slicer's frames carry SCI alone, as a detector server without an error model writes them.
    let carriesErrors = channel != "SLI"
    for index in 0..<skies {
      var exposure = Exposure(sky, seconds: setting.seconds, sampling: setting.sampling, begin: clock)
      exposure.observation = observation
      exposure.carriesErrors = carriesErrors
      (exposure.frame, exposure.frames) = (index + 1, skies)
      (exposure.east, exposure.north) = (60 + Double(index), 0)
      append(exposure)
    }
    for (index, delivery) in deliveries.enumerated() {
      var exposure = Exposure(science, seconds: setting.seconds, sampling: setting.sampling, begin: clock)
      exposure.observation = observation
      exposure.carriesErrors = carriesErrors
      exposure.delivery = delivery
      (exposure.dither, exposure.dithers) = (index + 1, deliveries.count)
      (exposure.east, exposure.north) = offset(index, exposure)
      append(exposure)
    }
  }

  // MARK: parts

  /// A cross of whole pixels (imager: 5 % of the detector) or spaxels (2).
  private func offset(_ index: Int, _ exposure: Exposure) -> (east: Double, north: Double) {
    let cross = [(0.0, 0.0), (1, 1), (-1, 1), (-1, -1), (1, -1)]
    let pixels = exposure.frameClass.isImager ? (0.05 * Double(size)).rounded() : 2
    let (east, north) = cross[index % cross.count]
    let round = Double(1 + index / cross.count)
    return (rounded(east * pixels * round * exposure.scale), rounded(north * pixels * round * exposure.scale))
  }

  private func rounded(_ arcsec: Double) -> Double { (arcsec * 1e6).rounded() / 1e6 }

  private mutating func nextObservation(program: String, _ frameClass: FrameClass) -> Exposure.Observation {
    sequences += 1
    if sequences > 1 { clock = clock.advanced(by: Self.change) }
    var observation = Exposure.Observation()
    observation.program = program
    observation.number = padded(sequences, 3)
    observation.sequenceID = "\(frameClass.channel)-\(padded(sequences, 3))"
    return observation
  }

  /// Numbers the exposure, sets its sky, and moves the clock behind it.
  private mutating func append(_ planned: Exposure) {
    var exposure = planned
    exposure.begin = clock
    exposure.order = exposures.count
    let detector = exposure.frameClass.detector
    exposure.number = (numbers[detector] ?? 0) + 1
    numbers[detector] = exposure.number
    exposure.skyLevel = skyLevel(at: clock.advanced(by: exposure.exposureSeconds / 2))
    exposures.append(exposure)
    clock = exposure.end(size: size).advanced(by: Self.overhead)
  }

  /// The sky drifts by 0.1 % of its brightness with a period of an hour.
  private func skyLevel(at time: SimulatedTime) -> Double {
    var random = RandomStream(seed, 0x5c1)
    let phase = random.uniform()
    return 1 + 0.001 * sin(2 * .pi * (time.seconds(since: start) / 3600 + phase))
  }
}
