/// The two forms in which coefficients of non-linearity are published.
public enum LinearityForm: String, Sendable, CaseIterable {
  /// Counts are `c0 + c1 F + c2 F^2 + …` of the counts F that were read (JWST, the reference pipeline).
  case polynomial
  /// Counts are `F (1 + c0 + c1 F + c2 F^2 + …)` (the instrument team's C readout library).
  case factor
}

/// The coefficients of the pixels of a ramp band, lowest order first.
public struct LinearityCoefficients: Sendable {
  /// What the coefficients mean.
  public let form: LinearityForm
  /// One plane for each coefficient; at least one, all of one shape.
  public let planes: [Plane<Float>]
  /// Flags of the reference.
  public let quality: Plane<UInt32>?

  /// - Precondition: there is a plane (two for a polynomial, which needs its linear term), and all are of one shape.
  public init(form: LinearityForm, planes: [Plane<Float>], quality: Plane<UInt32>? = nil) {
    precondition(planes.count >= (form == .polynomial ? 2 : 1), "too few coefficients")
    let (width, height) = (planes[0].width, planes[0].height)
    precondition(
      planes.allSatisfy { $0.width == width && $0.height == height }, "coefficients of different shapes")
    precondition(
      quality.map { $0.width == width && $0.height == height } ?? true, "flags of another shape")
    self.form = form
    self.planes = planes
    self.quality = quality
  }

  /// Columns.
  public var width: Int { planes[0].width }
  /// Rows.
  public var height: Int { planes[0].height }

  /// The coefficients of some rows.
  public func rows(_ rows: Range<Int>) -> LinearityCoefficients {
    let window = PixelWindow(x0: 0, y0: rows.lowerBound, width: width, height: rows.count)
    return LinearityCoefficients(
      form: form, planes: planes.map { $0.cropped(to: window) }, quality: quality?.cropped(to: window))
  }

  /// The form that coefficients are in, told by the second one: in a polynomial it multiplies the counts and is about 1,
  /// in the factor it multiplies their square and is small. Nil where it is neither, or there is no second coefficient.
  /// - Parameter second: coefficients c1 of pixels; those that are not finite or 0 do not count.
  public static func form(bySecond second: Plane<Float>) -> LinearityForm? {
    let known = second.elements.filter { $0.isFinite && $0 != 0 }
    guard !known.isEmpty else { return nil }
    let middle = known.sorted()[known.count / 2]
    if (0.5...2).contains(middle) { return .polynomial }
    return abs(middle) < 0.01 ? .factor : nil
  }
}

/// Corrects all reads for the detector's non-linearity, with a polynomial for each pixel, of any order (Horner).
///
/// The counts are expected from the pixel's own zero, so the bias goes first.
/// - A pixel with a coefficient that is not finite, whose polynomial has no linear term (0, as borders often have), or
///   that the reference flags `NO_LIN_CORR` stays as it is and gets `NO_LIN_CORR`. The reference's flags are OR-ed.
/// - Reads flagged `SATURATED` stay as they are: the polynomial says nothing of them.
/// - NaN and infinite samples stay so.
///
/// The C library's own function (`nonlin_corr`) takes coefficients of other pixels unless the detector is square and
/// 2048 wide, and the reference pipeline stores corrected counts as 16-bit integers; here each pixel has its own
/// coefficients at any shape, and counts stay float32.
/// - Precondition: the coefficients have the band's shape.
public func linearise(_ band: inout RampBand, with coefficients: LinearityCoefficients) {
  precondition(
    coefficients.width == band.width && coefficients.height == band.height,
    "coefficients of another shape")
  let kernel = LinearityKernel(coefficients)
  withExtendedLifetime(coefficients) {
    band.forEachBlock { kernel.correct($0) }
  }
}

private struct LinearityKernel: Sendable {
  private let planes: [SharedPixels<Float>]
  private let flags: SharedPixels<UInt32>?
  private let form: LinearityForm
  private static let saturated = UInt8(DQ.saturated)

  init(_ coefficients: LinearityCoefficients) {
    planes = coefficients.planes.map(\.laneBase)
    flags = coefficients.quality?.laneBase
    form = coefficients.form
  }

  /// Corrects a block. Its coefficients are first put side by side, made ready so that both forms are one polynomial
  /// without its constant, and pixels without a correction have `c1 = 1` and nothing else.
  func correct(_ block: RampBlock) {
    let places = RampBlock.length / 16
    let order = form == .polynomial ? planes.count : planes.count + 1
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: places * order) { ready in
      guard let base = ready.baseAddress else { return }
      block.forEachLanes { i, place, count in prepare(block, i, count, base + place * order) }
      for integration in 0..<block.integrations {
        for read in 0..<block.reads {
          switch order {
          case 3: correct(block, integration, read, base, order: 3)
          case 4: correct(block, integration, read, base, order: 4)
          case 5: correct(block, integration, read, base, order: 5)
          case 6: correct(block, integration, read, base, order: 6)
          default: correct(block, integration, read, base, order: order)
          }
        }
      }
    }
  }

  /// The coefficients of sixteen pixels as those of `c0 + c1 F + …`.
  private func prepare(_ block: RampBlock, _ i: Int, _ count: Int, _ ready: UnsafeMutablePointer<Lanes>) {
    var lost = LaneMask(repeating: false)
    let shift = form == .polynomial ? 0 : 1
    if shift == 1 { ready[0] = .zero }
    for (order, plane) in planes.enumerated() {
      let lanes = plane.base.lanes(i)
      lost .|= lanes.isNotFinite
      ready[order + shift] = form == .factor && order == 0 ? lanes + 1 : lanes
    }
    if planes.count + shift > 1 { lost .|= ready[1] .== Lanes.zero }
    if let flags {
      let lanes = flags.base.lanes(i)
      lost .|= lanes.has(DQ.noLinCorr)
      block.orPixel(lanes, i, count)
    }
    block.raisePixel(DQ.noLinCorr, where: lost, i, count)
    guard anyLane(lost) else { return }
    for order in 0..<planes.count + shift {
      ready[order].replace(with: order == 1 ? 1 : 0, where: lost)
    }
  }

  @inline(__always)
  private func correct(
    _ block: RampBlock, _ integration: Int, _ read: Int, _ ready: UnsafeMutablePointer<Lanes>, order: Int
  ) {
    block.forEachLanes { i, place, count in
      let c = ready + place * order
      let x = block.values(integration, read, i, count)
      var y = c[order - 1]
      for n in stride(from: order - 2, through: 0, by: -1) { y = y * x + c[n] }
      // Overflow of a high power says nothing: the read stays.
      y.replace(with: x, where: y.isNotFinite)
      if block.anyGroup(Self.saturated, integration, read, i, count) {
        y.replace(with: x, where: block.hasGroup(Self.saturated, integration, read, i, count))
      }
      block.set(y, integration, read, i, count)
    }
  }
}
