import Pixels

extension DQ {
  /// Flags of pixels that say nothing about the light that fell on them: neither sky nor sources are looked for there.
  public static let blind = doNotUse | nonScience | referencePixel | dead
}
