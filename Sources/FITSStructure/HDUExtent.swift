/// The shape and size that a header's keywords declare, or the reason why they declare none.
struct HDUExtent {
  var bitpix: Int
  var axes: [Int]
  var dataBytes: UInt64

  /// A header that does not say how long its data are.
  struct Refusal: Error {
    let reason: String
  }

  /// Works the extent out, refusing what is missing, negative, or longer than a file can be.
  init(_ keywords: StructuralKeywords, isPrimary: Bool) throws(Refusal) {
    let bitpix = try Self.whole(keywords.bitpix, "BITPIX")
    guard [8, 16, 32, 64, -32, -64].contains(bitpix) else { throw Refusal(reason: "BITPIX is \(bitpix)") }
    let naxis = try Self.whole(keywords.naxis, "NAXIS")
    guard naxis >= 0, naxis <= StructuralKeywords.maxAxes else { throw Refusal(reason: "NAXIS is \(naxis)") }
    var axes: [Int] = []
    for i in 0..<naxis {
      let stored = i < keywords.axisLengths.count ? keywords.axisLengths[i] : nil
      let length = try Self.whole(stored, "NAXIS\(i + 1)")
      guard length >= 0 else { throw Refusal(reason: "NAXIS\(i + 1) is \(length)") }
      axes.append(length)
    }
    self.bitpix = bitpix
    self.axes = axes
    dataBytes = try Self.dataBytes(keywords, bitpix, axes, isPrimary: isPrimary)
  }

  private static func dataBytes(
    _ keywords: StructuralKeywords, _ bitpix: Int, _ axes: [Int], isPrimary: Bool
  ) throws(Refusal) -> UInt64 {
    guard !axes.isEmpty else { return 0 }
    let isGroups = isPrimary && axes[0] == 0 && keywords.groups == .logical(true)
    let counts = !isPrimary || isGroups
    let pcount = counts && keywords.pcount != nil ? try whole(keywords.pcount, "PCOUNT") : 0
    let gcount = counts && keywords.gcount != nil ? try whole(keywords.gcount, "GCOUNT") : 1
    guard pcount >= 0, gcount >= 0 else {
      throw Refusal(reason: "PCOUNT is \(pcount) and GCOUNT is \(gcount)")
    }
    var elements: Int? = 1
    for length in isGroups ? axes.dropFirst() : axes[...] { elements = product(elements, length) }
    elements = elements.flatMap { sum($0, pcount) }
    guard let bytes = product(product(elements, gcount), abs(bitpix) / 8), bytes <= Int.max - (1 << 32) else {
      throw Refusal(reason: "the axes \(axes.prefix(8)) declare more bytes than a file can hold")
    }
    return UInt64(bytes)
  }

  private static func product(_ a: Int?, _ b: Int) -> Int? {
    guard let a else { return nil }
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : value
  }

  private static func sum(_ a: Int, _ b: Int) -> Int? {
    let (value, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : value
  }

  private static func whole(_ value: Card.Value?, _ keyword: String) throws(Refusal) -> Int {
    guard let value else { throw Refusal(reason: "\(keyword) is missing") }
    guard case .integer(let number) = value else { throw Refusal(reason: "\(keyword) is no whole number") }
    return Int(number)
  }
}
