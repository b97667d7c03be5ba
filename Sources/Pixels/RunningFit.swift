/// The rate of every pixel from reads that are taken one at a time as they land: a few sums are kept for each pixel and
/// no read is, so that the frame is there as soon as the last read is.
///
/// Gives what `fitRamp` gives for the same reads, to the rounding of single precision. A read that a pixel cannot use
/// (NaN, or flagged `DO_NOT_USE` for that pixel alone) ends the pixel's integration as saturation does; a read that is
/// missing altogether is simply not added. With MCDS a pixel whose integration ends early is the CDS of its first and
/// last read, since its last m reads are not known by then.
///
/// Memory: 18 bytes a pixel; 24 more from the second integration on, and 22 for the rate once it is prepared.
public final class RunningFit {
  /// How many reads were added to the integration that is under way.
  public private(set) var reads = 0
  private let options: RunningFitOptions
  private let width: Int
  private let height: Int
  /// Seconds of the reads of this integration.
  private var times: [Double] = []
  private let sums: RunningSums
  private var earlier: RunningIntegrations?
  private let countsReads: Bool
  /// Room for the next fit.
  private var room: RampFitAssembly?

  /// A fit of `width` x `height` pixels without any read.
  ///
  /// - Parameter countsReads: whether `RampFit.readsUsed` is wanted; else it is an empty plane.
  /// - Throws: as `RampFitOptions.validate` for what the options have in common.
  public init(
    width: Int, height: Int, options: RunningFitOptions, countsReads: Bool = true
  ) throws(PixelsError) {
    try options.validate()
    self.options = options
    self.countsReads = countsReads
    self.width = width
    self.height = height
    sums = RunningSums(count: width * height)
  }

  /// Takes in one read.
  ///
  /// - Parameters:
  ///   - read: a band of one integration and one read that holds all rows; its flags as `fitRamp` takes them.
  ///   - seconds: when the read was taken, later than the one before in this integration.
  /// - Precondition: the shapes agree and the times rise.
  public func add(_ read: RampBand, at seconds: Double) {
    precondition(
      read.integrations == 1 && read.reads == 1 && read.width == width && read.height == height,
      "a read of another shape")
    precondition(times.last.map { $0 < seconds } ?? true, "the times of the reads do not rise")
    times.append(seconds)
    let factors: RunningSums.Factors =
      switch options.method {
      case .utr: .line(seconds - times[0])
      case .cds: .last(weight: 0)
      case .mcds(let m, let expected):
        .last(weight: (reads >= expected - m ? 1 : 0) - (reads < m ? 1 : 0))
      }
    sums.add(read, number: reads, factors, saturation: options.saturation ?? .infinity)
    reads += 1
  }

  /// Ends an integration: the next read is the first after another reset.
  public func endIntegration() {
    guard reads > 0 else { return }
    let all = earlier ?? RunningIntegrations(count: width * height)
    forEachLine { i, line in all.add(line, at: i) }
    earlier = all
    sums.restart()
    times = []
    reads = 0
  }

  /// Makes room for the rate before it is asked for: that takes a while, in which a read may as well be waited for.
  public func prepare() {
    let room = RampFitAssembly(width: width, height: height, countsReads: countsReads)
    room.touch()
    self.room = room
  }

  /// The rate of all reads so far, with errors and flags as `fitRamp` gives them; without gain and read noise the error
  /// is NaN and `UNRELIABLE_ERROR`.
  public func fit() -> RampFit {
    let noise = RampNoise(
      gain: options.gain, readNoise: options.readNoise, gainPlane: options.gainPlane,
      readNoisePlane: options.readNoisePlane)
    let assembly = room ?? RampFitAssembly(width: width, height: height, countsReads: countsReads)
    // The planes of this fit keep it.
    room = nil
    let earlier = earlier
    withExtendedLifetime(options) {
      forEachLine { i, line in
        var sum = earlier?.sums(at: i) ?? RampSums()
        sum.add(line)
        let lanes = noise?.lanes(at: i) ?? NoiseLanes()
        assembly.store(sum.result(noise: lanes, isKnown: noise != nil), at: i)
      }
    }
    return assembly.fit()
  }

  /// Calls `body` with the line of every sixteen pixels of the integration that is under way.
  private func forEachLine(_ body: @Sendable (Int, RampLine) -> Void) {
    let weights = RunningWeights(options.method, times: times)
    let sums = sums
    withExtendedLifetime(sums) {
      forEachPixelBand(count: width * height, length: 1 << 15) { band in
        for i in stride(from: band.lowerBound, to: band.upperBound, by: 16) {
          body(i, weights.line(of: sums, at: i))
        }
      }
    }
  }
}

/// How reads that are taken one at a time become a rate.
public struct RunningFitOptions: Sendable, Equatable {
  /// The estimators that need no read twice.
  public enum Method: Sendable, Equatable {
    /// Last usable read minus the first, over their times.
    case cds
    /// Mean of the last m of the `expectedReads` reads minus the mean of the first m.
    case mcds(numCoadd: Int, expectedReads: Int)
    /// The least-squares slope with equal weights.
    case utr
  }

  /// The estimator.
  public var method: Method
  /// Electrons per data number; nil when not known.
  public var gain: Float?
  /// Read noise of a single read in electrons; nil when not known.
  public var readNoise: Float?
  /// The same for each pixel, in place of the numbers where it has one; of the shape of the reads.
  public var gainPlane: Plane<Float>?
  public var readNoisePlane: Plane<Float>?
  /// A read at or above this level, and all later ones of its integration, are not used; nil for no cut.
  public var saturation: Float?

  /// Options of a running fit.
  public init(
    method: Method = .utr, gain: Float? = nil, readNoise: Float? = nil, gainPlane: Plane<Float>? = nil,
    readNoisePlane: Plane<Float>? = nil, saturation: Float? = nil
  ) {
    self.gainPlane = gainPlane
    self.readNoisePlane = readNoisePlane
    self.method = method
    self.gain = gain
    self.readNoise = readNoise
    self.saturation = saturation
  }

  func validate() throws(PixelsError) {
    if case .mcds(let m, let expected) = method, m < 1 || 2 * m > expected {
      throw PixelsError(
        code: "num-coadd", message: "\(m) is not in 1...\(expected / 2) for \(expected) reads",
        subject: "num_coadd")
    }
    if let gain, !(gain > 0 && gain.isFinite) {
      throw PixelsError(code: "gain-value", message: "\(gain) is not a gain", subject: "gain")
    }
    if let readNoise, !(readNoise >= 0 && readNoise.isFinite) {
      throw PixelsError(code: "noise-value", message: "\(readNoise) is not a noise", subject: "read noise")
    }
  }
}
