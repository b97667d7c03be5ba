import FITSIO
import FITSStructure

extension Header {
  private static let structural: Set<String> = [
    "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "GROUPS", "BSCALE", "BZERO",
    "BLANK", "EXTNAME", "EXTVER", "EXTLEVEL", "INHERIT", "CHECKSUM", "DATASUM", "END", "TFIELDS", "THEAP",
  ]
  private static let numbered = [
    "NAXIS", "TTYPE", "TFORM", "TUNIT", "TDIM", "TNULL", "TSCAL", "TZERO", "TDISP",
  ]
  private static let compression = [
    "ZIMAGE", "ZCMPTYPE", "ZBITPIX", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL", "ZSIMPLE", "ZTENSION", "ZEXTEND",
    "ZPCOUNT", "ZGCOUNT", "ZHECKSUM", "ZDATASUM", "ZQUANTIZ", "ZDITHER0", "ZBLANK",
  ]

  /// The header of `cards` without what describes how its HDU was stored: the writer makes that anew.
  init(withoutStructure cards: [Card]) {
    self.init(cards.filter { !Self.isStructural($0.keyword) })
  }

  private static func isStructural(_ keyword: String) -> Bool {
    if structural.contains(keyword) || compression.contains(where: keyword.hasPrefix) { return true }
    return numbered.contains { prefix in
      guard keyword.hasPrefix(prefix), keyword.count > prefix.count else { return false }
      return keyword.dropFirst(prefix.count).allSatisfy { $0.isASCII && $0.isNumber }
    }
  }
}
