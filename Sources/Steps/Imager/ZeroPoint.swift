import DataModels
import Foundation
import PipelineEngine

/// What a rate of 1 in the unit of an image stands for.
struct ZeroPoint: Sendable, Equatable {
  /// AB magnitude of 1 unit at the top of the atmosphere.
  var ab: Double
  /// Vega magnitude of it; nil where the band is not known.
  var vega: Double?
  /// One standard deviation, mag.
  var error: Double
  /// Magnitudes of extinction per airmass.
  var extinction: Double = 0
  /// Extinction that it holds already, mag: that of a frame at its airmass.
  var lost: Double = 0
  /// Unit it is for, as FITS writes it.
  var unit: String = "adu/s"
  /// Where it comes from, in words.
  var source: String

  /// The zero point of frames at an airmass: what the air took is given back.
  func at(airmass: Double?) -> ZeroPoint {
    var copy = self
    let lost = extinction * (airmass ?? 0)
    copy.ab -= lost
    copy.vega = vega.map { $0 - lost }
    copy.lost += lost
    return copy
  }

  /// The same for another unit: of `adu/s` for `electron/s` by the gain that was applied, ZP + 2.5 log10(gain); nil where
  /// that is not known, or no gain leads there.
  func inUnit(_ wanted: String, gain: Double?) -> ZeroPoint? {
    let (own, other) = (PixelUnit(bunit: unit), PixelUnit(bunit: wanted))
    var moved = self
    moved.unit = wanted
    if own == other { return moved }
    guard own == .countRate, other == .electronRate, let gain, gain > 0, gain.isFinite else { return nil }
    let step = 2.5 * log10(gain)
    moved.ab += step
    moved.vega = vega.map { $0 + step }
    return moved
  }

  /// Flux density of 1 unit, Jy: f = 10^(-0.4 (AB + 48.6)) erg/s/cm²/Hz (Oke & Gunn 1983), 1 Jy being 1e-23 of those.
  var janskys: Double { pow(10, -0.4 * (ab + 48.6)) * 1e23 }

  /// Surface brightness of 1 unit in a pixel of `steradians`, MJy/sr.
  func megajanskysPerSteradian(pixel steradians: Double) -> Double { janskys * 1e-6 / steradians }

  /// arcsec² in a steradian, and so µJy/arcsec² of 1 MJy/sr: 1e12 / 4.2545e10.
  static let microjanskysPerSquareArcsec = 1e12 / ((648_000 / Double.pi) * (648_000 / Double.pi))

  /// Relative error of fluxes from an error in magnitudes: ln 10 / 2.5.
  static let relative = log(10) / 2.5
}

extension Frame {
  /// The zero point that the headers give, at the frame's airmass and for the unit they name: `ZPAB`, `ZPVEGA`, `ZPERR`,
  /// `ZPEXT`, `ZPUNIT` (without it the frame's own). Nil without `ZPAB`.
  var statedZeroPoint: ZeroPoint? {
    func number(_ keyword: String) -> Double? {
      (scienceHeader.double(keyword) ?? header.double(keyword)).flatMap { $0.isFinite ? $0 : nil }
    }
    guard let ab = number("ZPAB") else { return nil }
    let unit = scienceHeader.string("ZPUNIT") ?? header.string("ZPUNIT")
    return ZeroPoint(
      ab: ab, vega: number("ZPVEGA"), error: number("ZPERR") ?? 0, lost: number("ZPEXT") ?? 0,
      unit: unit.flatMap { $0.isEmpty ? nil : $0 } ?? self.unit, source: "header")
  }

  /// The same for the frame's own unit, by the gain that was applied since (`GAINFACT`); nil where that does not lead
  /// there.
  var zeroPoint: ZeroPoint? { statedZeroPoint?.inUnit(unit, gain: header.double("GAINFACT")) }
}
