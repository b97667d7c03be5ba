import Astrometry

/// One exposure of a night: everything that its headers and its pixels follow from, besides the seed.
public struct Exposure: Sendable, Hashable {
  /// How the detector server hands it over.
  public enum Delivery: String, Sendable, Hashable, Codable {
    /// A level 1 frame; a level 0 file with all reads; a level 0 file per read.
    case frame, ramp, readouts
  }

  /// The observation that an exposure belongs to, and its target.
  public struct Observation: Sendable, Hashable {
    /// Values of `SEMID`, `PROGRAM`, `OBSERVTN`, `SEQ_ID`, `OBJECT`.
    public var semester = "2026B"
    public var program = "CAL"
    public var number = "001"
    public var sequenceID = "S001"
    public var object = ""
    /// Degrees, ICRS; nil for frames that see no sky.
    public var coordinates: Coordinates?

    /// An observation of the calibration programme.
    public init() {}

    /// A position on the sky in degrees, ICRS.
    public struct Coordinates: Sendable, Hashable {
      public var ra: Double
      public var dec: Double
      /// Creates a position.
      public init(ra: Double, dec: Double) {
        self.ra = ra
        self.dec = dec
      }
    }
  }

  /// Place in the night (from 0), and number on the detector (`EXPNUM`, from 1).
  public var order = 0
  public var number = 1
  public var frameClass: FrameClass
  /// Seconds over which signal is measured (`EXPTIME`), and how.
  public var exposureSeconds: Double
  public var sampling: Sampling
  public var delivery = Delivery.frame
  /// Ramps per exposure (`NINTS`); a level 1 frame has one.
  public var ramps = 1
  /// Ramps that the detector server averages into each delivered one (`NCOADDS`).
  public var coadds = 1
  /// The part of the detector that is read; nil for all of it.
  public var window: ReadWindow?
  /// How a ramp of one file is laid out and stored.
  public var format = RampFormat()
  /// Whether readouts carry the frame's whole header, or only what the detector software is sure to write.
  public var readoutsCarryHeaders = true
  /// What goes wrong with single reads; of a ramp in one file only poor reads count.
  public var faults: [ReadFault] = []
  /// Whether a level 1 frame carries `ERR` and `DQ` beside `SCI`.
  public var carriesErrors = true
  /// The time of the reset (`DATE-BEG`).
  public var begin: SimulatedTime
  public var observation = Observation()
  /// n of N at one position (`IFRAME`, `IFRAMES`).
  public var frame = 1
  public var frames = 1
  /// Position n of N of the dither pattern (`DITHNUM`, `NDITHER`); 0 where there is none.
  public var dither = 0
  public var dithers = 0
  /// Telescope offset from the pattern's start, arcsec.
  public var east = 0.0
  public var north = 0.0
  /// Sky brightness over its mean.
  public var skyLevel = 1.0
  /// Light that should not be there, photo-electrons per second on every pixel (a light leak).
  public var lightLeak = 0.0
  /// Filter of the wheel; grating and scale follow from the channel.
  public var filter: String

  /// An exposure of one class with the defaults above.
  public init(_ frameClass: FrameClass, seconds: Double, sampling: Sampling, begin: SimulatedTime) {
    self.frameClass = frameClass
    exposureSeconds = seconds
    self.sampling = sampling
    self.begin = begin
    filter = frameClass.isImager ? "H" : "Hbb"
  }

  /// The value of `SCALE`: arcsec per pixel or per spaxel.
  public var scale: Double {
    switch frameClass.channel {
    case "SLI": 0.05
    case "LEN": 0.009
    default: 0.004
    }
  }

  /// Where the target is; a frame that sees no sky looks at (0, 0).
  var target: SkyPosition {
    SkyPosition(ra: observation.coordinates?.ra ?? 0, dec: observation.coordinates?.dec ?? 0)
  }

  /// Where the centre of a detector of `size` pixels looks: the target moved by the telescope's offset and by the place
  /// of the detector in the focal plane.
  public func pointing(size: Int) -> SkyPosition {
    let place = FocalPlane(size: size, scale: scale).offset(of: frameClass.detector)
    return TangentPlane(at: target).sky(east: east + place.east, north: north + place.north)
  }

  /// `iris_img1_20260715_0007`: names the exposure in the files of a night.
  public var stem: String {
    "iris_\(frameClass.detector.lowercased())_\(begin.compactDate)_\(padded(number, 4))"
  }

  /// The base names of the files it is delivered in, in order.
  public var fileNames: [String] {
    switch delivery {
    case .frame: ["\(stem)_rate.fits"]
    case .ramp: ["\(stem)_ramp.fits"]
    case .readouts:
      (0..<ramps * sampling.readsPerRamp).map { index in
        let (ramp, read) = index.quotientAndRemainder(dividingBy: sampling.readsPerRamp)
        return "\(stem)_\(ramp == 0 ? "" : "ramp\(padded(ramp, 2))-")read\(padded(read, 3)).fits"
      }
    }
  }

  /// The base name of its truth file: the frame's stem and `_truth` (of readouts the exposure's stem).
  public var truthName: String {
    switch delivery {
    case .frame: "\(stem)_rate_truth.fits"
    case .ramp: "\(stem)_ramp_truth.fits"
    case .readouts: "\(stem)_truth.fits"
    }
  }

  /// 0 or 1: the value of `DATALVL`.
  public var level: Int { delivery == .frame ? 1 : 0 }
}

extension Exposure {
  /// Seconds that it takes to read the whole detector: 64 channels at 400 kHz, 0.72 s for 4096 pixels.
  public static func frameSeconds(size: Int) -> Double {
    let fraction = Double(size) / 4096
    return max((0.72 * fraction * fraction * 1e6).rounded() / 1e6, 0.000_1)
  }

  /// When the reads of each ramp are taken and what they weigh.
  public func timing(size: Int) -> RampTiming {
    RampTiming(sampling, exposureSeconds: exposureSeconds, frameSeconds: Self.frameSeconds(size: size))
  }

  /// The window that is read of a detector of `size` pixels.
  public func readWindow(size: Int) -> ReadWindow { window ?? .full(size) }

  /// The reset that starts delivered ramp `ramp` (from 0).
  public func reset(ramp: Int, size: Int) -> SimulatedTime { reset(single: ramp * coadds, size: size) }

  /// The reset that starts a ramp, where coadds count as ramps of their own.
  func reset(single ramp: Int, size: Int) -> SimulatedTime {
    let length = (timing(size: size).readTimes.last ?? 0) + Self.frameSeconds(size: size)
    return begin.advanced(by: Double(ramp) * length)
  }

  /// The last read of the last ramp (`DATE-END`).
  public func end(size: Int) -> SimulatedTime {
    let last = timing(size: size).readTimes.last ?? 0
    return reset(single: ramps * coadds - 1, size: size).advanced(by: last)
  }
}
