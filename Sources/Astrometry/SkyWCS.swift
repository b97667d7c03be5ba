import FITSStructure

/// The celestial coordinate system of an image: pixels to sky and back.
///
/// FITS WCS papers I, II and IV (Greisen & Calabretta 2002, Calabretta & Greisen 2002) by wcslib: every projection
/// it knows, `PCi_j`, `CDi_j` or `CROTA2` with `CDELTi`, distortions by SIP (Shupe et al. 2005), TPV, TNX and ZPX. Of a
/// distortion the inverse is iterated to 1e-6 pixel or better; `AP`/`BP` polynomials are approximations and are not
/// used.
///
/// Two conventions count pixels, and every function says which is its own: a *FITS pixel* is 1 at the centre of the
/// first pixel, as `CRPIXj` counts; an *array index* is 0 there. An array index is a FITS pixel less 1.
///
/// Sky positions are degrees in the system's own frame (`frame`). Positions that have no image are NaN.
///
/// Safe to use from any number of threads at once: calls on one system wait for each other, so threads that need
/// speed take one system each.
public struct SkyWCS: Sendable {
  /// The cards it was made of, in normal form: what a product's `SCI` header is given.
  public let cards: [Card]
  /// `RADESYS`: `ICRS`, `FK5` …
  public let frame: String
  /// Sentences about what had to be mended in the cards it came from.
  public let remarks: [String]
  private let storage: WCSStorage

  /// The coordinate system that the WCS cards among `cards` describe.
  ///
  /// Other cards are ignored, and alternate descriptions (`CTYPE1A` …). See `WCSCards` for what is mended.
  /// - Throws: `wcs-missing` when there is none; `wcs-incomplete`, `wcs-invalid`, `wcs-singular`,
  ///   `wcs-not-celestial` when it cannot be used.
  public init(cards: [Card]) throws(AstrometryError) {
    let normal = try WCSCards(cards).normalized()
    self.cards = normal.cards
    remarks = normal.remarks
    frame = normal.cards.first { $0.keyword == "RADESYS" }?.string ?? "ICRS"
    storage = try WCSStorage(normal.cards)
  }

  /// The system of a window of the image, whose first pixel is the array index (`x`, `y`) of the whole.
  public func cropped(x: Int, y: Int) throws(AstrometryError) -> SkyWCS {
    var moved = cards
    for i in moved.indices {
      guard let value = moved[i].double else { continue }
      if moved[i].keyword == "CRPIX1" { moved[i].value = .real(value - Double(x)) }
      if moved[i].keyword == "CRPIX2" { moved[i].value = .real(value - Double(y)) }
    }
    return try SkyWCS(cards: moved)
  }

  /// Sky positions of FITS pixels (the centre of the first pixel is 1).
  public func sky(atFITSPixels pixels: [PixelPosition]) -> [SkyPosition] { storage.sky(pixels) }

  /// Sky positions of array indices (the centre of the first pixel is 0).
  public func sky(atArrayIndices indices: [PixelPosition]) -> [SkyPosition] {
    storage.sky(indices.map { PixelPosition(x: $0.x + 1, y: $0.y + 1) })
  }

  /// FITS pixels (the centre of the first pixel is 1) of sky positions.
  public func fitsPixels(of sky: [SkyPosition]) -> [PixelPosition] { storage.pixels(sky) }

  /// Array indices (the centre of the first pixel is 0) of sky positions.
  public func arrayIndices(of sky: [SkyPosition]) -> [PixelPosition] {
    storage.pixels(sky).map { PixelPosition(x: $0.x - 1, y: $0.y - 1) }
  }
}
