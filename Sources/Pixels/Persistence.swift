/// The saturated pixels of an earlier exposure of the same detector.
public struct LatentImage: Sendable, Equatable {
  /// Pixels that were saturated, of the size of `window`.
  public let saturated: PixelMask
  /// The exposure's place on the detector.
  public let window: PixelWindow
  /// When it ended, in seconds on the clock of the exposures.
  public let end: Double

  /// - Precondition: the mask is of the window's size.
  public init(saturated: PixelMask, window: PixelWindow, end: Double) {
    precondition(
      saturated.width == window.width && saturated.height == window.height, "a mask of another size")
    self.saturated = saturated
    self.window = window
    self.end = end
  }
}

/// The pixels of an exposure that still hold charge of earlier ones: those that were saturated in an exposure that
/// ended no longer than `seconds` before this one began.
///
/// As DRAGONS' `addLatencyToDQ`: an exposure that ends after this one's begin is not an earlier one.
/// - Parameters:
///   - window: the exposure's place on the detector; of other windows the common part counts.
///   - begin: when it began, in seconds on the clock of the exposures.
public func latentPixels(
  in window: PixelWindow, begin: Double, after earlier: [LatentImage], within seconds: Double
) -> PixelMask {
  let near = earlier.filter { $0.end <= begin && begin - $0.end <= seconds }
  return near.reduce(PixelMask(width: window.width, height: window.height)) { mask, image in
    mask.union(image.saturated.moved(from: image.window, to: window))
  }
}

/// Raises `PERSISTENCE` in a band, which holds `part` of the window of `latent`.
public func flagPersistence(_ band: inout RampBand, part: PixelWindow, latent: PixelMask) {
  let whole = PixelWindow(x0: 0, y0: 0, width: latent.width, height: latent.height)
  latent.moved(from: whole, to: part).raise(DQ.persistence, in: &band.pixelQuality, rows: 0..<part.height)
}
