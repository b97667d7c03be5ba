/// Fits a rate to every pixel of a ramp.
///
/// Within an integration a read is not used when it is dropped, NaN, flagged `DO_NOT_USE` in `groupQuality`,
/// or at or after saturation (the level of the options, or a read flagged `SATURATED`). A read flagged `JUMP_DET`
/// begins a new segment; the rates of segments are combined with weights from read noise (`gls` fits them together,
/// `optimal` weighs them with the photon noise of a rate common to all besides). Rates of several integrations are
/// combined with weights from read noise alone. Two usable reads are a CDS, whatever the method; with fewer in every
/// integration the pixel is NaN and `DO_NOT_USE`, unless `zeroIsKnown`: then the first read is a rate.
///
/// Errors: with gain and read noise, `var = var_R + var_P` (see `ReadWeights`), the Poisson part from the
/// pixel's own rate where it is positive. Without them the scatter of the reads about the line of that rate
/// stands for the read noise, and `UNRELIABLE_ERROR` is raised (NaN where an integration gives a rate from
/// two reads).
///
/// Flags: `pixelQuality`, and every flag in `groupQuality` except `DO_NOT_USE`; `SATURATED` where reads were
/// cut.
/// - Parameters:
///   - ramp: reads in data numbers, of any sample type (those above 2^24 are rounded to `Float`).
///   - options: method, times, noise and saturation.
///   - groupQuality: flags of each read, of the ramp's shape.
///   - pixelQuality: flags of each pixel.
/// - Precondition: the options are valid for the ramp (`RampFitOptions.validate`) and the shapes agree.
public func fitRamp<Element: PixelScalar>(
  _ ramp: Ramp<Element>, options: RampFitOptions, groupQuality: Ramp<UInt8>? = nil,
  pixelQuality: Plane<UInt32>? = nil
) -> RampFit {
  let assembly = RampFitAssembly(width: ramp.width, height: ramp.height)
  // Concrete calls, so that a caller in another module gets specialised code.
  if let ramp = ramp as? Ramp<UInt16> {
    fit(ramp, options, groupQuality, pixelQuality, 0..<ramp.planeCount, assembly, 0)
  } else if let ramp = ramp as? Ramp<Int32> {
    fit(ramp, options, groupQuality, pixelQuality, 0..<ramp.planeCount, assembly, 0)
  } else if let ramp = ramp as? Ramp<Float> {
    fit(ramp, options, groupQuality, pixelQuality, 0..<ramp.planeCount, assembly, 0)
  } else {
    fit(ramp, options, groupQuality, pixelQuality, 0..<ramp.planeCount, assembly, 0)
  }
  return assembly.fit()
}

/// The same of `rows` of an exposure, put in their place in `assembly`; several threads may fit rows of one exposure.
///
/// - Parameters:
///   - band: holds the rows, perhaps with some before and behind them, which are left alone.
///   - firstRow: the row of the exposure that the band begins with.
/// - Precondition: the band is as wide as the assembly, which has its rows; nobody else fits one of `rows`.
public func fitRamp(
  _ band: RampBand, beginningWith firstRow: Int, options: RampFitOptions, into assembly: RampFitAssembly,
  rows: Range<Int>
) {
  precondition(
    band.width == assembly.width && rows.lowerBound >= firstRow
      && rows.upperBound <= min(firstRow + band.height, assembly.height), "the band of other rows")
  let first = (rows.lowerBound - firstRow) * band.width
  fit(
    band.samples, options, band.groupQuality, band.pixelQuality, first..<first + rows.count * band.width,
    assembly, rows.lowerBound * band.width)
}

private func fit<Element: PixelScalar>(
  _ ramp: Ramp<Element>, _ options: RampFitOptions, _ groupQuality: Ramp<UInt8>?,
  _ pixelQuality: Plane<UInt32>?, _ pixels: Range<Int>, _ assembly: RampFitAssembly, _ first: Int
) {
  precondition(
    (try? options.validate(integrations: ramp.integrations, reads: ramp.reads)) != nil, "invalid ramp options"
  )
  precondition(groupQuality.map { $0.count == ramp.count } ?? true, "group flags of another shape")
  precondition(
    pixelQuality.map { $0.width == ramp.width && $0.height == ramp.height } ?? true,
    "pixel flags of another shape")
  for plane in [options.gainPlane, options.readNoisePlane] {
    precondition(
      plane.map { $0.width == ramp.width && $0.height == ramp.height } ?? true,
      "gain or read noise of another shape")
  }
  var options = options
  for (index, reads) in groupQuality?.wholeReads(flagged: UInt8(DQ.doNotUse)) ?? [:] {
    options.droppedReadsByIntegration[index, default: []].formUnion(reads)
  }
  let fitter = RampFitter<Element>(ramp, options, groupQuality, pixelQuality)
  withExtendedLifetime((ramp, groupQuality, pixelQuality, options)) {
    forEachPixelBand(count: pixels.count, length: 1 << 15) { band in
      // Once for all pixels: so much does not fit the stack, and the heap takes its time.
      withUnsafeTemporaryAllocation(of: WholeDifference.self, capacity: ramp.reads) { slots in
        for i in stride(from: band.lowerBound, to: band.upperBound, by: 16) {
          let count = min(16, pixels.count - i)
          let result = fitter.fit(at: pixels.lowerBound + i, count: count, slots)
          assembly.store(result, at: first + i, count: count)
        }
      }
    }
  }
}
