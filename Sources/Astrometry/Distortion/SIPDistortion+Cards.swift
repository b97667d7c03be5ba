import FITSStructure

extension SIPDistortion {
  /// `A_ORDER`, `A_p_q` …, and those of the way back when there is one; terms that are 0 are left out.
  public var cards: [Card] {
    var all = Self.cards("A", a, "shift of x, pixel -> undistorted") + Self.cards("B", b, "shift of y")
    if let inverse {
      all +=
        Self.cards("AP", inverse.ap, "shift of x, undistorted -> pixel")
        + Self.cards("BP", inverse.bp, "shift of y")
    }
    return all
  }

  private static func cards(_ name: String, _ polynomial: Polynomial2D, _ comment: String) -> [Card] {
    [Card("\(name)_ORDER", .integer(Int64(polynomial.order)), comment: comment)]
      + Polynomial2D.terms(order: polynomial.order).filter { polynomial[$0.p, $0.q] != 0 }
      .map { Card("\(name)_\($0.p)_\($0.q)", .real(polynomial[$0.p, $0.q])) }
  }

  /// The distortion that cards describe; nil when there is neither `A_ORDER` nor `B_ORDER`.
  /// - Throws: `distortion-order` for an order beyond 9.
  public init?(cards: [Card], reference: PixelPosition) throws(AstrometryError) {
    let values = Dictionary(
      cards.compactMap { card in card.double.map { (card.keyword, $0) } }, uniquingKeysWith: { a, _ in a })
    let orders = ["A_ORDER", "B_ORDER"].compactMap { values[$0].map { Int($0) } }
    guard let order = orders.max() else { return nil }
    guard (0...Self.maximumOrder).contains(order) else {
      throw AstrometryError("distortion-order", "an order of \(order)", subject: "A_ORDER")
    }
    func polynomial(_ name: String, _ order: Int) -> Polynomial2D {
      var result = Polynomial2D(order: order)
      for (p, q) in Polynomial2D.terms(order: order) { result[p, q] = values["\(name)_\(p)_\(q)"] ?? 0 }
      return result
    }
    self.init(reference: reference, a: polynomial("A", order), b: polynomial("B", order))
    if let back = ["AP_ORDER", "BP_ORDER"].compactMap({ values[$0].map { Int($0) } }).max(),
      (0...Self.maximumOrder).contains(back)
    {
      inverse = Inverse(ap: polynomial("AP", back), bp: polynomial("BP", back), largestError: .nan)
    }
  }
}
