import Astrometry
import FITSIO
import FITSStructure

/// The two headers of a product on their way to the file: what raw frames may carry and products must not is put into
/// the form that FITS 4.0 asks for. Nothing is lost: what has no such form is kept as the text of a comment.
struct ProductHeaders {
  var primary: Header
  var science: Header

  /// World coordinates stand with the image only, and obsolete cards in their modern form.
  mutating func tidy() {
    gatherWorldCoordinates()
    for card in primary.cards where SkyWCS.derivedKeywords.contains(card.keyword) {
      if science[card.keyword] == nil { science.append(card) }
      primary.remove(card.keyword)
    }
    primary.cards = primary.cards.map { ObsoleteCard($0).modern(beside: primary) }
    science.cards = science.cards.map { ObsoleteCard($0).modern(beside: science) }
  }

  /// A primary header without image has no world coordinates: they go to the image, unless it has its own.
  private mutating func gatherWorldCoordinates() {
    let stray = primary.cards.filter { WCSCards.isImageKeyword($0.keyword) && $0.value != nil }
    primary.cards.removeAll { WCSCards.isImageKeyword($0.keyword) && $0.value != nil }
    if WCSCards(science.cards).isPresent {
      primary.cards += stray.map { ObsoleteCard($0).asComment }
    } else {
      let frame = primary.cards.filter { WCSCards.isFrameKeyword($0.keyword) }
      if WCSCards(stray).isPresent {
        science.cards += frame.filter { card in science[card.keyword] == nil }
      }
      science.cards += stray
    }
    settleWorldCoordinates()
  }

  /// The image's coordinate system in normal form; one that cannot be used is kept as comments, since readers stumble
  /// over it. A system that is none of the sky stays as it is.
  private mutating func settleWorldCoordinates() {
    guard WCSCards(science.cards).isPresent else { return }
    do throws(AstrometryError) {
      let wcs = try SkyWCS(cards: science.cards)
      let isKept: (Card) -> Bool = { card in
        let isOwn = WCSCards.isImageKeyword(card.keyword) && !WCSCards.isAlternate(card.keyword)
        return !isOwn && !WCSCards.isFrameKeyword(card.keyword)
      }
      let first = science.cards.firstIndex { !isKept($0) } ?? science.cards.endIndex
      let head = science.cards[..<first]
      science.cards = head + wcs.cards + science.cards[first...].filter(isKept)
    } catch {
      guard error.code != "wcs-not-celestial" else { return }
      science.cards = science.cards.map { card in
        WCSCards.isImageKeyword(card.keyword) && card.value != nil ? ObsoleteCard(card).asComment : card
      }
    }
  }
}
