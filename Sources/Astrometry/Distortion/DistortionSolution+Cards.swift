import FITSStructure

extension DistortionSolution {
  /// What a distortion reference says: the polynomials as SIP cards, the pixel that they count from, how good
  /// they are.
  /// - Parameters:
  ///   - x0: array index of the detector's column that is the first of the image.
  ///   - y0: of its row.
  public func cards(x0: Int, y0: Int) -> [Card] {
    let origin = distortion.reference
    let own = [
      Card("DISCRPX1", .real(origin.x + Double(x0)), comment: "full-frame pixel of the polynomials"),
      Card("DISCRPX2", .real(origin.y + Double(y0)), comment: "where they are 0"),
      Card("DISRMS", .real(rms), comment: "[pixel] residuals of the points"),
      Card("DISNPTS", .integer(Int64(isUsed.filter { $0 }.count)), comment: "points"),
      Card(
        "DISINVER", .real(distortion.inverse?.largestError ?? .nan),
        comment: "[pixel] greatest error of AP, BP"),
    ]
    return own.filter { $0.double?.isFinite ?? false } + distortion.cards
  }
}
