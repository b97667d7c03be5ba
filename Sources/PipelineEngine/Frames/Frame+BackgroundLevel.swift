extension Frame {
  /// Adds to the level that the header says was subtracted from the values (`BKGLEVEL`): several steps
  /// subtract one, and what searches for cosmic rays must know of all the light that is no longer there.
  /// - Parameter level: what was subtracted now, in the frame's unit.
  public mutating func addBackgroundLevel(_ level: Double) {
    let earlier = header.double("BKGLEVEL").flatMap { $0.isFinite ? $0 : nil } ?? 0
    header.set("BKGLEVEL", .real(earlier + level), comment: "background subtracted, \(unit)")
  }

  /// Brings what the header says was subtracted (`SKYLEVEL`, `BKGLEVEL`, `BKGSLOPX`, `BKGSLOPY`), and its
  /// noise (`BKGNOISE`), to another unit, as the pixels are brought there.
  /// - Parameters:
  ///   - factor: what the pixels are multiplied with.
  ///   - other: their unit then; the comments name it in place of the frame's.
  public mutating func scaleBackgroundLevels(by factor: Double, to other: String) {
    for keyword in ["SKYLEVEL", "BKGLEVEL", "BKGSLOPX", "BKGSLOPY", "BKGNOISE"] {
      guard let card = header.card(keyword), let level = card.double else { continue }
      header.set(keyword, .real(level * factor), comment: card.comment.replacing(unit, with: other))
    }
  }
}
