import FITSStructure
import Glibc

extension SkyWCS {
  /// Keywords that `productCards` writes besides the coordinate system itself.
  public static let derivedKeywords = ["S_REGION", "PIXAR_A2", "PIXAR_SR", "ORIENTAT"]

  /// What the header of an image of `width` x `height` pixels says about its place on the sky: the system's cards,
  /// `PIXAR_A2` and `PIXAR_SR` (area of the middle pixel), `ORIENTAT` (direction of +y, degrees East of North) and
  /// `S_REGION`.
  public func productCards(width: Int, height: Int) -> [Card] {
    let middle = PixelPosition(x: Double(width + 1) / 2, y: Double(height + 1) / 2)
    let geometry = geometry(atFITSPixel: middle)
    var derived: [Card] = []
    for (keyword, value, comment) in [
      ("PIXAR_A2", geometry.areaSquareArcsec, "[arcsec2] area of the middle pixel"),
      ("PIXAR_SR", geometry.areaSteradian, "[sr] area of the middle pixel"),
    ] where value.isFinite && value > 0 {
      derived.append(Card(keyword, Self.rounded(value, digits: 8), comment: comment))
    }
    if geometry.positionAngle.isFinite {
      let angle = (geometry.positionAngle * 1e6).rounded() / 1e6
      derived.append(Card("ORIENTAT", angle == 0 ? 0 : angle, comment: "[deg] East of North of +y"))
    }
    if let region = region(width: width, height: height) {
      derived.append(Card("S_REGION", region, comment: "footprint"))
    }
    return cards + derived
  }

  /// As many digits as a difference of sky positions holds, read back from text so that none is spurious.
  private static func rounded(_ value: Double, digits: Int) -> Double {
    let exponent = Int(log10(abs(value)).rounded(.down))
    let unit = pow(10, Double(digits - 1))
    let mantissa = (value / pow(10, Double(exponent)) * unit).rounded() / unit
    return Double("\(mantissa)e\(exponent)") ?? value
  }
}
