import Pixels

/// One detector as it truly is: the same for all frames of a seed.
public struct DetectorModel: Sendable {
  /// Pixels along each side.
  public let size: Int
  /// Electrons per DN.
  public let gain: Double
  /// Electrons, one sigma, of a single read.
  public let readNoise: Double
  /// Dark current, e-/s; 0 where the pixel is dead.
  public let dark: Plane<Float>
  /// Pixel response with the vignetting, median 1 over the living pixels; 0 where the pixel is dead.
  public let response: Plane<Float>
  /// `DQ.dead`, `DQ.hot` (dark current above 1 e-/s) and what was injected, else 0.
  public let flags: Plane<UInt32>
  /// Electronics and pixels beyond an ideal amplifier; nil for that one.
  public let readout: ReadoutModel?
  /// Pixels whose level jumps to and fro, by row: column and electrons of a jump.
  let telegraph: [Int: [(x: Int, electrons: Double)]]
  private let vignetting: Double
  /// Names the detector in the names of random streams.
  let identity: UInt64

  /// Numbers that set how good the detector is.
  public struct Options: Sendable, Hashable {
    /// Electrons per DN and electrons of read noise (shared facts of the instrument: iris_etc, MICADO's
    /// H4RG).
    public var gain = 3.04
    public var readNoise = 12.0
    /// Median dark current in e-/s and its relative spread between pixels.
    public var darkCurrent = 0.02
    public var darkSpread = 0.2
    /// Fractions of hot and dead pixels.
    public var hotFraction = 0.0024
    public var deadFraction = 0.005
    /// Pixel-to-pixel scatter of the response, and the loss of light in the corners.
    public var responseScatter = 0.015
    public var vignetting = 0.1
    /// Bad pixels at known places, over what the fractions draw; the border of reference pixels has none.
    public var defects: [Defect] = []
    /// What electronics and pixels do to a ramp; nil reads it with an ideal amplifier.
    public var readout: ReadoutOptions?

    /// The numbers of the IRIS detectors.
    public init() {}
  }

  /// A bad pixel at a known place (from 0).
  public struct Defect: Sendable, Hashable {
    /// How it is bad.
    public enum Kind: Sendable, Hashable {
      /// Dark current, e-/s.
      case hot(rate: Double)
      /// Sees no light.
      case dead
      /// Its light goes to its four neighbours.
      case open
      /// Random telegraph noise: its level jumps by so many electrons between reads.
      case telegraph(electrons: Double)
      /// So much of the usual response.
      case response(Double)
    }

    public var x: Int
    public var y: Int
    public var kind: Kind

    /// A bad pixel.
    public init(x: Int, y: Int, kind: Kind) {
      self.x = x
      self.y = y
      self.kind = kind
    }
  }

  static func identity(of name: String) -> UInt64 { name.utf8.reduce(0) { $0 &* 257 &+ UInt64($1) } }

  /// Makes the detector `name` (`IMG1` … `IFU`) of the instrument `seed`, `size` pixels square.
  public init(seed: UInt64, name: String, size: Int, options: Options = Options()) {
    self.size = size
    gain = options.gain
    readNoise = options.readNoise
    identity = Self.identity(of: name)
    var dark = Plane<Float>(width: size, height: size, repeating: 0)
    var response = Plane<Float>(width: size, height: size, repeating: 0)
    var flags = Plane<UInt32>(width: size, height: size, repeating: DQ.none)
    let rows = DetectorRows(seed: seed, identity: identity, size: size, options: options)
    dark.withUnsafeMutableBuffer { dark in
      response.withUnsafeMutableBuffer { response in
        flags.withUnsafeMutableBuffer { flags in rows.fill(dark: dark, response: response, flags: flags) }
      }
    }
    // The border of an H4RG sees no light, however simple the rest of the simulation is.
    let border = options.readout?.referenceBorder ?? (size == 4096 ? 4 : 0)
    if border > 0 { Self.blind(border, dark: &dark, response: &response, flags: &flags) }
    Self.normalise(&response)
    var telegraph: [Int: [(x: Int, electrons: Double)]] = [:]
    let sensitive = border..<max(border, size - border)
    for defect in options.defects where sensitive.contains(defect.x) && sensitive.contains(defect.y) {
      if case .telegraph(let electrons) = defect.kind {
        telegraph[defect.y, default: []].append((defect.x, electrons))
      }
      defect.inject(dark: &dark, response: &response, flags: &flags)
    }
    self.telegraph = telegraph
    let gain = options.gain
    let identity = identity
    readout = options.readout.map {
      ReadoutModel(seed: seed, identity: identity, size: size, gain: gain, options: $0)
    }
    vignetting = options.vignetting
    self.dark = dark
    self.response = response
    self.flags = flags
  }

  /// Makes the pixels of the border reference pixels: they see no light and have no dark current.
  private static func blind(
    _ border: Int, dark: inout Plane<Float>, response: inout Plane<Float>, flags: inout Plane<UInt32>
  ) {
    let inside = border..<max(border, flags.width - border)
    for y in 0..<flags.height {
      for x in 0..<flags.width where !(inside.contains(x) && inside.contains(y)) {
        (dark[x, y], response[x, y], flags[x, y]) = (0, 0, DQ.referencePixel)
      }
    }
  }

  /// The smooth part of the response at a pixel, up to a constant factor.
  func smoothResponse(x: Int, y: Int) -> Double { Self.vignette(vignetting, x, y, size) }

  private static func vignette(_ loss: Double, _ x: Int, _ y: Int, _ size: Int) -> Double {
    let half = Double(size) / 2
    let u = (Double(x) + 0.5 - half) / half
    let v = (Double(y) + 0.5 - half) / half
    return 1 - loss * (u * u + v * v) / 2
  }

  /// Divides by the median of the pixels above 0.
  private static func normalise(_ response: inout Plane<Float>) {
    response.withUnsafeMutableBuffer { pixels in
      let median = medianOfPositive(UnsafeBufferPointer(pixels))
      guard median > 0 else { return }
      for i in pixels.indices { pixels[i] /= median }
    }
  }
}

/// The median of the values above 0, for values below 16, to 4e-6 (a histogram: no sorted copy of a big
/// plane); 0 when there is none.
func medianOfPositive(_ values: UnsafeBufferPointer<Float>) -> Float {
  let binsPerUnit: Float = 262_144
  var counts = [Int32](repeating: 0, count: 16 << 18)
  var total = 0
  for value in values where value > 0 && value < 16 {
    counts[Int(value * binsPerUnit)] += 1
    total += 1
  }
  guard total > 0 else { return 0 }
  var below = 0
  for (bin, count) in counts.enumerated() {
    below += Int(count)
    if 2 * below >= total { return (Float(bin) + 0.5) / binsPerUnit }
  }
  return 0
}

/// Draws the maps of a detector row by row.
private struct DetectorRows: Sendable {
  let seed: UInt64
  let identity: UInt64
  let size: Int
  let options: DetectorModel.Options

  func fill(
    dark: UnsafeMutableBufferPointer<Float>, response: UnsafeMutableBufferPointer<Float>,
    flags: UnsafeMutableBufferPointer<UInt32>
  ) {
    // Rows do not overlap, so no two threads write one element.
    nonisolated(unsafe) let (dark, response, flags) = (dark, response, flags)
    forEachRowBand(height: size, width: size) { rows in
      for y in rows {
        let range = y * size..<(y + 1) * size
        fillRow(
          y, .init(rebasing: dark[range]), .init(rebasing: response[range]), .init(rebasing: flags[range]))
      }
    }
  }

  private func fillRow(
    _ y: Int, _ dark: UnsafeMutableBufferPointer<Float>, _ response: UnsafeMutableBufferPointer<Float>,
    _ flags: UnsafeMutableBufferPointer<UInt32>
  ) {
    var random = RandomStream(seed, identity, 0xde7ec7, UInt64(y))
    let half = Double(size) / 2
    let v = (Double(y) + 0.5 - half) / half
    GaussianDeviates.standard.withSource { gauss in
      for x in 0..<size {
        let u = (Double(x) + 0.5 - half) / half
        let base = options.darkCurrent * max(1 + options.darkSpread * gauss.next(&random), 0.1)
        let scatter = 1 + options.responseScatter * gauss.next(&random)
        let fate = random.uniform()
        let hotRate = random.logUniform(in: 2..<60)
        guard fate >= options.deadFraction else {
          flags[x] = DQ.dead
          continue
        }
        let isHot = fate < options.deadFraction + options.hotFraction
        dark[x] = Float(isHot ? hotRate : base)
        flags[x] = isHot ? DQ.hot : DQ.none
        response[x] = Float(max(scatter, 0.5) * (1 - options.vignetting * (u * u + v * v) / 2))
      }
    }
  }
}

extension DetectorModel.Defect {
  /// Puts the bad pixel into the maps; it replaces whatever the pixel was.
  fileprivate func inject(
    dark: inout Plane<Float>, response: inout Plane<Float>, flags: inout Plane<UInt32>
  ) {
    switch kind {
    case .hot(let rate): (dark[x, y], flags[x, y]) = (Float(rate), DQ.hot)
    case .dead: (dark[x, y], response[x, y], flags[x, y]) = (0, 0, DQ.dead)
    case .telegraph: flags[x, y] = DQ.telegraph
    case .response(let share):
      response[x, y] *= Float(share)
      flags[x, y] = share < 1 ? DQ.lowQe : DQ.otherBadPixel
    case .open:
      let lost = 0.8 * response[x, y]
      response[x, y] -= lost
      flags[x, y] = DQ.open
      for (nx, ny) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
      where nx >= 0 && nx < flags.width && ny >= 0 && ny < flags.height {
        response[nx, ny] += lost / 4
        flags[nx, ny] |= DQ.adjOpen
      }
    }
  }
}
