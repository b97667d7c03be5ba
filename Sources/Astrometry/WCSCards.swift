import FITSStructure
import Glibc

/// The cards of a header that describe its world coordinates.
public struct WCSCards: Sendable {
  /// Those of the primary description, the first of each keyword.
  private var cards: [WCSKeyword: Card] = [:]

  /// Picks the cards of the primary description out of a header; everything else is left.
  public init(_ header: [Card]) {
    for card in header where card.value != nil && !card.isHierarch {
      guard let keyword = WCSKeyword(card.keyword), keyword.alternate.isEmpty else { continue }
      if cards[keyword] == nil { cards[keyword] = card }
    }
  }

  /// Whether a keyword belongs to a world coordinate system and to the image it is about: `CTYPE1`, `CD1_2A`,
  /// `A_ORDER` … but not `RADESYS` and `EQUINOX`, which also stand beside `RA` and `DEC`.
  public static func isImageKeyword(_ keyword: String) -> Bool {
    guard let found = WCSKeyword(keyword) else { return false }
    return !frameRoots.contains(found.root)
  }

  /// Whether a keyword belongs to an alternate description, e.g. `CTYPE1A`.
  public static func isAlternate(_ keyword: String) -> Bool {
    WCSKeyword(keyword).map { !$0.alternate.isEmpty } ?? false
  }

  private static let frameRoots: Set<String> = ["RADESYS", "RADECSYS", "EQUINOX", "EPOCH"]

  /// Whether a keyword says in which frame coordinates are: `RADESYS`, `EQUINOX` and their older forms.
  public static func isFrameKeyword(_ keyword: String) -> Bool { frameRoots.contains(keyword) }

  /// Whether there is the beginning of a description: an axis type, a reference value or a matrix.
  public var isPresent: Bool {
    cards.keys.contains { ["CTYPE", "CRVAL", "CD", "CRPIX", "CDELT"].contains($0.root) }
  }

  /// The description in the one form that products have, and sentences about what was mended.
  ///
  /// Two axes; numbers that were written as text; `RADECSYS`, `EPOCH`, `PC001002` and `CROTA2` in their published forms (the
  /// last as `PCi_j`); `CUNITi` and `RADESYS` said (without it `ICRS`, or `FK4` of an equinox before 1984, `FK5` of
  /// another than 2000: IRIS writes `EQUINOX = 2000` beside ICRS positions); `-SIP` in `CTYPEi` exactly where there
  /// are SIP polynomials; `CDELTi` left out beside `CDi_j`, where it means nothing.
  /// - Throws: `wcs-missing`, `wcs-incomplete`, `wcs-invalid`.
  func normalized() throws(AstrometryError) -> (cards: [Card], remarks: [String]) {
    guard isPresent else {
      throw AstrometryError("wcs-missing", "the header has no world coordinates", subject: "CTYPE1")
    }
    var normal = WCSNormalForm(cards)
    try normal.mend()
    return (normal.ordered, normal.remarks)
  }
}

/// The cards of one description on their way to normal form.
private struct WCSNormalForm {
  private var cards: [WCSKeyword: Card]
  private(set) var remarks: [String] = []

  init(_ cards: [WCSKeyword: Card]) { self.cards = cards }

  mutating func mend() throws(AstrometryError) {
    dropFurtherAxes()
    try readNumbers()
    try requireAxes()
    mendRotation()
    try checkMatrix()
    mendFrame()
    mendTypes()
  }

  /// The order of a tidy header.
  var ordered: [Card] {
    let roots = [
      "WCSAXES", "WCSNAME", "CTYPE", "CUNIT", "CRPIX", "CRVAL", "CDELT", "CD", "PC", "LONPOLE", "LATPOLE",
      "PV",
      "PS", "RADESYS", "EQUINOX", "A_ORDER", "A_", "B_ORDER", "B_", "AP_ORDER", "AP_", "BP_ORDER", "BP_",
    ]
    func rank(_ keyword: WCSKeyword) -> Int { roots.firstIndex(of: keyword.root) ?? roots.count }
    return cards.sorted { a, b in
      (rank(a.key), a.key.root) != (rank(b.key), b.key.root)
        ? (rank(a.key), a.key.root) < (rank(b.key), b.key.root)
        : a.key.indices.lexicographicallyPrecedes(b.key.indices)
    }.map { keyword, card in
      var card = card
      card.keyword = keyword.published
      return card
    }
  }

  private func key(_ name: String) -> WCSKeyword? { WCSKeyword(name) }
  private func card(_ name: String) -> Card? { key(name).flatMap { cards[$0] } }
  private func number(_ name: String) -> Double? { card(name)?.double }
  private func text(_ name: String) -> String? { card(name)?.string }
  private func has(_ root: String) -> Bool { cards.keys.contains { $0.root == root } }

  private mutating func set(_ name: String, _ value: Card.Value, comment: String = "") {
    guard let key = key(name) else { return }
    cards[key] = Card(name, value, comment: cards[key]?.comment ?? comment)
  }

  private mutating func remove(_ root: String) { cards = cards.filter { $0.key.root != root } }

  private mutating func dropFurtherAxes() {
    let count = cards.count
    cards = cards.filter { !$0.key.isBeyondSecondAxis }
    if cards.count < count { remarks.append("axes beyond the second were left out of the world coordinates") }
    set("WCSAXES", .integer(2), comment: "world axes")
  }

  /// Numbers are reals; a number that was written as text becomes one.
  private mutating func readNumbers() throws(AstrometryError) {
    for (keyword, card) in cards where !keyword.isText && keyword.root != "WCSAXES" {
      let isOrder = keyword.root.hasSuffix("ORDER")
      if isOrder, card.integer != nil { continue }
      var value = card.double
      if value == nil, let text = card.string {
        value = Self.parse(text, isEpoch: keyword.root.hasPrefix("E"))
        remarks.append("\(card.keyword) = '\(text)' is text and was read as a number")
      }
      guard let value, value.isFinite else {
        throw AstrometryError("wcs-invalid", "it is not a number", subject: card.keyword)
      }
      cards[keyword]?.value = isOrder ? .integer(Int64(value)) : .real(value)
    }
  }

  /// A number; `J2000.0` and `B1950` where it is an equinox.
  private static func parse(_ text: String, isEpoch: Bool) -> Double? {
    var body = text.drop { $0 == " " }
    while body.last == " " { body.removeLast() }
    if isEpoch, body.first == "J" || body.first == "B" { body.removeFirst() }
    return Double(body)
  }

  private func requireAxes() throws(AstrometryError) {
    for name in ["CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2"] where card(name) == nil {
      throw AstrometryError("wcs-incomplete", "the world coordinates lack \(name)", subject: name)
    }
    guard has("CD") || has("PC") || (card("CDELT1") != nil && card("CDELT2") != nil) else {
      throw AstrometryError("wcs-incomplete", "the world coordinates give no pixel scale", subject: "CDELT1")
    }
  }

  /// `CROTA2` with `CDELTi` as a matrix (Calabretta & Greisen 2002, equation 189).
  private mutating func mendRotation() {
    let angle = number("CROTA2")
    remove("CROTA")
    guard let angle, angle != 0, !has("PC"), !has("CD"), let x = number("CDELT1"), let y = number("CDELT2"),
      x != 0, y != 0
    else { return }
    let (sine, cosine) = (sin(angle * .pi / 180), cos(angle * .pi / 180))
    let elements = [
      ("PC1_1", cosine), ("PC1_2", -sine * y / x), ("PC2_1", sine * x / y), ("PC2_2", cosine),
    ]
    for (name, value) in elements { set(name, .real(value)) }
    remarks.append("CROTA2 = \(angle) was written as PCi_j")
  }

  private mutating func checkMatrix() throws(AstrometryError) {
    for name in ["CRPIX1", "CRPIX2"] where card(name) == nil {
      set(name, .real(0), comment: "reference pixel")
      remarks.append("\(name) is missing: 0, as the standard says")
    }
    guard has("CD") else { return }
    if has("PC") {
      throw AstrometryError("wcs-invalid", "PCi_j and CDi_j exclude each other", subject: "CD1_1")
    }
    remove("CDELT")
  }

  private mutating func mendFrame() {
    for axis in [1, 2] {
      let unit = (text("CUNIT\(axis)") ?? "").filter { $0 != " " }
      if unit.isEmpty || ["DEG", "DEGREE", "DEGREES"].contains(unit.uppercased()) {
        set("CUNIT\(axis)", .string("deg"), comment: "unit of axis \(axis)")
      }
    }
    let equinox = number("EQUINOX") ?? number("EPOCH")
    let said = text("RADESYS") ?? text("RADECSYS")
    remove("RADECSYS")
    remove("EPOCH")
    guard let type = text("CTYPE1"), let other = text("CTYPE2"),
      [type, other].contains(where: { $0.uppercased().hasPrefix("RA--") })
    else {
      remove("RADESYS")
      remove("EQUINOX")
      return
    }
    let assumed = equinox.map { $0 == 2000 ? "ICRS" : $0 < 1984 ? "FK4" : "FK5" } ?? "ICRS"
    let frame = said.map { $0.uppercased().filter { $0 != " " } }.flatMap { $0.isEmpty ? nil : $0 } ?? assumed
    set("RADESYS", .string(frame), comment: "frame of the coordinates")
    if let equinox, frame.hasPrefix("FK") {
      set("EQUINOX", .real(equinox), comment: "[yr] equinox of the coordinates")
    } else {
      remove("EQUINOX")
    }
  }

  private mutating func mendTypes() {
    let hasSIP = has("A_ORDER") || has("B_ORDER")
    for axis in [1, 2] {
      var type = (text("CTYPE\(axis)") ?? "").uppercased()
      while type.last == " " { type.removeLast() }
      if hasSIP, !type.hasSuffix("-SIP") {
        type += "-SIP"
        remarks.append("CTYPE\(axis) did not say that there is a SIP distortion")
      } else if !hasSIP, type.hasSuffix("-SIP") {
        type.removeLast(4)
        remarks.append("CTYPE\(axis) says SIP and there is no polynomial")
      }
      set("CTYPE\(axis)", .string(type))
    }
    if !hasSIP { cards = cards.filter { !$0.key.isPolynomial } }
  }
}
