import CatalogStore
import FITSStructure
import Metadata

/// The metadata of a catalogued frame, from the header texts the catalog keeps: no file is opened again.
struct HeaderLoader: Sendable {
  let reader: CatalogReader
  let classifier: Classifier

  func metadata(frame: Int64) throws(CatalogError) -> FrameMetadata {
    let cards = try reader.headerTexts(frame: frame).map { HeaderText(text: $0.text).cards }
    return classifier.adapted(FrameMetadata(primary: cards.first ?? [], extensions: Array(cards.dropFirst())))
  }
}
