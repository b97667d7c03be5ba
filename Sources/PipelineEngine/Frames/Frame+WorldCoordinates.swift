import Astrometry
import FITSStructure

extension Frame {
  /// Whether a header of the frame says something of its world coordinates.
  package var hasWorldCoordinates: Bool {
    WCSCards(scienceHeader.cards).isPresent || WCSCards(header.cards).isPresent
  }

  /// Those of the image, else those of the primary header; the frame of reference may stand there in any case.
  package var worldCoordinateCards: [Card] {
    guard WCSCards(scienceHeader.cards).isPresent else { return header.cards }
    let isSaid = scienceHeader.cards.contains { WCSCards.isFrameKeyword($0.keyword) }
    let frame = isSaid ? [] : header.cards.filter { WCSCards.isFrameKeyword($0.keyword) }
    return scienceHeader.cards + frame
  }

  /// Writes a system into the image's header in place of what was there, and takes it out of the primary one:
  /// that has no image.
  package mutating func place(_ wcs: SkyWCS) {
    let alternates = header.cards.filter { WCSCards.isAlternate($0.keyword) }
    header.cards.removeAll {
      WCSCards.isImageKeyword($0.keyword) || SkyWCS.derivedKeywords.contains($0.keyword)
    }
    scienceHeader.cards.removeAll {
      let isOwn = WCSCards.isImageKeyword($0.keyword) && !WCSCards.isAlternate($0.keyword)
      return isOwn || WCSCards.isFrameKeyword($0.keyword) || SkyWCS.derivedKeywords.contains($0.keyword)
    }
    let others = scienceHeader.cards.filter { WCSCards.isAlternate($0.keyword) }
    scienceHeader.cards.removeAll { WCSCards.isAlternate($0.keyword) }
    scienceHeader.cards +=
      wcs.productCards(width: width, height: height) + (others.isEmpty ? alternates : others)
  }
}
