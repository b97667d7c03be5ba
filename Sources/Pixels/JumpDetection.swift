import Synchronization

/// Finds the jumps in the ramps of a band and flags the read after each of them `JUMP_DET` in `groupQuality`.
///
/// The noise expected of a difference over `dt` is `rate / gain * dt + 2 R^2`, the rate being the pixel's median
/// difference over all integrations. With `twoPoint` the median is that of all usable differences but the largest (of
/// all three where there are three; the smaller of two); the worst difference above the threshold is taken out, and the
/// rest is looked at again. With `likelihood` it is the median of all of them, and the difference that improves chi
/// squared most is taken out while it improves it enough; two successive ones where no single one does (unlike Brandt's
/// own code, which takes two as soon as the second helps a little, and so loses good reads).
///
/// A read that is NaN, flagged `DO_NOT_USE`, or at or after saturation is not used: a missing read makes one longer
/// difference of two. A difference that leads to a read flagged before is left out. Pixels that are `DO_NOT_USE` in
/// `pixelQuality`, or of which neither gain nor read noise is known, are left alone.
///
/// The four neighbours of a jump are flagged in the same read unless that is saturated or `DO_NOT_USE`. Those of the
/// band's first and last row reach out of it: give the band one row more on either side (the rows outside get right
/// flags for their own jumps, but not for their neighbours').
/// - Precondition: the options are valid for the band (`JumpOptions.validate`), and planes are of its shape.
public func detectJumps(in band: inout RampBand, options: JumpOptions) {
  precondition(
    (try? options.validate(integrations: band.integrations, reads: band.reads)) != nil, "invalid jump options"
  )
  for plane in [options.gainPlane, options.readNoisePlane] {
    precondition(
      plane.map { $0.width == band.width && $0.height == band.height } ?? true, "noise of another shape")
  }
  let (width, height) = (band.width, band.height)
  let spreading = Mutex<[JumpPlace]>([])
  let (samples, pixelQuality) = (band.samples, band.pixelQuality)
  let missing = band.groupQuality.wholeReads(flagged: UInt8(DQ.doNotUse))
  band.groupQuality.withUnsafeMutableBuffer { flags in
    guard let base = flags.baseAddress,
      let finder = JumpFinder(samples, FilledPixels(base: base), pixelQuality, options, missing: missing)
    else { return }
    withExtendedLifetime((samples, pixelQuality, options)) {
      forEachRowBand(height: height, width: width) { rows in
        let found = finder.find(in: rows.lowerBound * width..<rows.upperBound * width)
        if !found.isEmpty { spreading.withLock { $0 += found } }
      }
    }
    for place in spreading.withLock({ $0 }) {
      place.flagNeighbours(in: flags, width: width, planeCount: width * height)
    }
  }
}

/// A jump whose neighbours are to be flagged.
struct JumpPlace: Sendable {
  /// Number of the read, over all integrations.
  let plane: Int
  /// Number of the pixel.
  let pixel: Int

  func flagNeighbours(in flags: UnsafeMutableBufferPointer<UInt8>, width: Int, planeCount: Int) {
    let unusable = UInt8(DQ.saturated | DQ.doNotUse)
    func flag(_ neighbour: Int) {
      let index = plane * planeCount + neighbour
      if flags[index] & unusable == 0 { flags[index] |= UInt8(DQ.jumpDet) }
    }
    let x = pixel % width
    if x > 0 { flag(pixel - 1) }
    if x < width - 1 { flag(pixel + 1) }
    if pixel >= width { flag(pixel - width) }
    if pixel < planeCount - width { flag(pixel + width) }
  }
}
