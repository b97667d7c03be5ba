import FITSIO
import FITSStructure

extension Header {
  private static let structural: Set<String> = [
    "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP", "BZERO",
    "BSCALE",
    "BLANK", "EXTNAME", "EXTVER", "EXTLEVEL", "CHECKSUM", "DATASUM", "INHERIT", "END", "ZIMAGE", "ZTENSION",
    "ZBITPIX", "ZNAXIS", "ZCMPTYPE", "ZPCOUNT", "ZGCOUNT", "ZSIMPLE", "ZEXTEND", "ZHECKSUM", "ZDATASUM",
    "ZQUANTIZ", "ZDITHER0", "ZBLANK",
  ]
  private static let numbered = [
    "NAXIS", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL", "TTYPE", "TFORM", "TUNIT", "TDIM", "TNULL", "TSCAL", "TZERO",
    "TDISP",
  ]

  /// The header of `cards` without what describes the layout of its HDU: the writer makes that anew.
  init(withoutStructure cards: [Card]) {
    self.init(cards.filter { !Self.isStructural($0.keyword) })
  }

  private static func isStructural(_ keyword: String) -> Bool {
    if structural.contains(keyword) { return true }
    return numbered.contains { prefix in
      guard keyword.hasPrefix(prefix) else { return false }
      let digits = keyword.dropFirst(prefix.count)
      return !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isNumber }
    }
  }

  /// The same cards with `XTENSION = 'IMAGE'` before them, as readers of metadata know an image extension.
  var asImageExtension: [Card] { [Card("XTENSION", "IMAGE")] + cards }
}
