/// What electronics and pixels do to a ramp beside photons and the white noise of a read.
///
/// `init()` has the numbers of the detectors of IRIS (H4RG, 64 outputs; what is not known of them is MICADO's or a
/// guess of the right size); `quiet` has nothing of all this, for a test to switch on one thing at a time. A detector
/// without such options is read by an ideal amplifier: see `RampSimulator`.
public struct ReadoutOptions: Sendable, Hashable {
  // MARK: amplifiers

  /// Outputs, each of a stripe of columns: 1, 4, 16, 32 or 64.
  public var channels = 64
  /// Constant level of an output, and of its odd against its even columns; adu, one sigma.
  public var channelOffset = 120.0
  public var oddEvenOffset = 30.0
  /// Level that an output takes anew at each reset; adu, one sigma.
  public var channelShift = 8.0
  /// Drift of an output, and of its odd against its even columns, anew for each ramp; adu/s, one sigma.
  public var channelDrift = 0.03
  public var oddEvenDrift = 0.01
  /// 1/f noise that all outputs share, and that each has of its own; electrons rms over one frame.
  public var commonFlicker = 4.0
  public var channelFlicker = 3.0
  /// Width of the border of reference pixels; 0 for none.
  public var referenceBorder = 4

  // MARK: pixels

  /// Level after a reset and its constant pixel-to-pixel scatter, adu; noise of each reset (kTC), electrons.
  public var pedestal = 1000.0
  public var pedestalScatter = 40.0
  public var resetNoise = 30.0
  /// Electrons a pixel holds, and their relative scatter.
  public var fullWell = 90_000.0
  public var fullWellScatter = 0.02
  /// Share of the signal that is missing at full well, and the relative scatter of that between pixels.
  public var nonlinearity = 0.05
  public var nonlinearityScatter = 0.1

  // MARK: charge that is no light

  /// Cosmic rays per second and cm². At sea level a muon per minute (Particle Data Group, Cosmic Rays); twice that at
  /// 4000 m and for the local radioactivity.
  public var cosmicRate = 0.035
  /// Side of a pixel, and thickness of the sensitive layer; micron.
  public var pixelMicron = 10.0
  public var layerMicron = 5.0
  /// Electrons that a cosmic ray frees on a micron of its way, most likely value.
  public var cosmicElectronsPerMicron = 500.0
  /// Share of the full well that a saturated pixel keeps beyond the reset, and seconds of its exponential release.
  public var persistence = 0.005
  public var persistenceSeconds = 300.0

  // MARK: telemetry

  /// Quality of an ordinary read is uniform from here to 1 (`READQUAL`).
  public var leastQuality = 0.85

  /// The numbers of the IRIS detectors.
  public init() {}

  /// One quiet, linear output without limits but the converter's: every effect is 0.
  public static let quiet: ReadoutOptions = {
    var options = ReadoutOptions()
    options.channels = 1
    (options.channelOffset, options.oddEvenOffset, options.channelShift) = (0, 0, 0)
    (options.channelDrift, options.oddEvenDrift) = (0, 0)
    (options.commonFlicker, options.channelFlicker, options.referenceBorder) = (0, 0, 0)
    (options.pedestalScatter, options.resetNoise) = (0, 0)
    (options.fullWell, options.fullWellScatter) = (1e9, 0)
    (options.nonlinearity, options.nonlinearityScatter) = (0, 0)
    (options.cosmicRate, options.persistence) = (0, 0)
    return options
  }()

  /// The numbers of outputs that the detectors can be read through.
  public static let possibleChannels = [1, 4, 16, 32, 64]
}
