/// A simulated night: its instrument, and its exposures in the order they are taken.
public struct Night: Sendable {
  /// The seed that instrument, sky and noise follow from.
  public let seed: UInt64
  /// The detectors.
  public let instrument: Instrument
  /// The exposures in order of time.
  public let exposures: [Exposure]

  /// Creates a night of exposures on an instrument.
  public init(instrument: Instrument, exposures: [Exposure]) {
    seed = instrument.seed
    self.instrument = instrument
    self.exposures = exposures
  }

  /// Pixels along the side of each detector.
  public var size: Int { instrument.size }

  /// The exposures of one OBSNAME, in order.
  public func exposures(named obsName: String) -> [Exposure] {
    exposures.filter { $0.frameClass.obsName == obsName }
  }

  /// The default start of a night: the afternoon before 2026-07-14/15 in Hawaii.
  public static let defaultStart = SimulatedTime(microseconds: 61_236 * 86_400_000_000 + 7_200_000_000)

  /// Plans the night of `seed` with detectors of `size` pixels.
  ///
  /// Calibrations first (darks, flats, lenslet scan, dispersion), then standards, then for each of imager,
  /// lenslet and slicer its skies and its dithered science. Every class of the data contract appears.
  ///
  /// - Throws: `detector-size` when `size` is not between 16 and 8192.
  public static func plan(
    seed: UInt64, size: Int, start: SimulatedTime = Night.defaultStart,
    options: DetectorModel.Options = .init()
  ) throws(SimulatorError) -> Night {
    guard (16...8192).contains(size) else {
      throw SimulatorError(
        code: "detector-size", message: "the detector's side must be 16 to 8192 pixels", subject: "\(size)")
    }
    var planner = NightPlanner(seed: seed, size: size, start: start)
    planner.planNight()
    let instrument = Instrument(seed: seed, size: size, detectors: ["IMG1", "IFU"], options: options)
    return Night(instrument: instrument, exposures: planner.exposures)
  }

  /// Plans a night of the imager with one, two or four detectors at once: `darks` and `flats` of each for both exposure
  /// times, `standards` of a flux standard (18.5 mag), `pinholes` of a pinhole grid, and one field of `skies` and
  /// `dithers` positions. The stars are the same on the sky for every detector.
  ///
  /// - Throws: `detector-size` when `size` is not between 16 and 8192, `detector-count` for another number of them.
  public static func dithers(
    seed: UInt64, size: Int, detectors: Int = 1, dithers: Int = 5, darks: Int = 5, flats: Int = 5,
    skies: Int = 3, standards: Int = 1, pinholes: Int = 1, start: SimulatedTime = Night.defaultStart,
    options: DetectorModel.Options = .init()
  ) throws(SimulatorError) -> Night {
    guard (16...8192).contains(size) else {
      throw SimulatorError(
        code: "detector-size", message: "the detector's side must be 16 to 8192 pixels", subject: "\(size)")
    }
    guard [1, 2, 4].contains(detectors) else {
      throw SimulatorError(
        code: "detector-count", message: "the imager reads 1, 2 or 4 detectors", subject: "\(detectors)")
    }
    let names = Array(FocalPlane.detectors.prefix(detectors))
    var planner = NightPlanner(seed: seed, size: size, start: start)
    planner.planDithers(
      detectors: names, darks: darks, flats: flats, skies: skies, dithers: dithers, standards: standards,
      pinholes: pinholes)
    return Night(
      instrument: Instrument(seed: seed, size: size, detectors: names, options: options),
      exposures: planner.exposures)
  }

  /// Plans only what one imager reduction needs: `darks` and `flats` for both exposure times, `skies` and
  /// `science` frames of the imager, all at level 1. For tests that need many nights.
  ///
  /// - Throws: `detector-size` when `size` is not between 16 and 8192.
  public static func imagerOnly(
    seed: UInt64, size: Int, darks: Int = 5, flats: Int = 5, skies: Int = 3, science: Int = 1,
    options: DetectorModel.Options = .init()
  ) throws(SimulatorError) -> Night {
    guard (16...8192).contains(size) else {
      throw SimulatorError(
        code: "detector-size", message: "the detector's side must be 16 to 8192 pixels", subject: "\(size)")
    }
    var planner = NightPlanner(seed: seed, size: size, start: Night.defaultStart)
    planner.planImager(
      darks: darks, flats: flats, skies: skies, deliveries: Array(repeating: .frame, count: science))
    let instrument = Instrument(seed: seed, size: size, detectors: ["IMG1"], options: options)
    return Night(instrument: instrument, exposures: planner.exposures)
  }
}
