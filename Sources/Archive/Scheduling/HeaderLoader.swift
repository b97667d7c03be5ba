import CatalogStore
import FITSStructure
import Metadata

/// The metadata of a catalogued frame, from the header texts the catalog keeps: no file is opened again.
struct HeaderLoader: Sendable {
  let reader: CatalogReader
  let classifier: Classifier

  func metadata(frame: Int64) throws(CatalogError) -> FrameMetadata {
    classifier.adapted(try written(frame))
  }

  private func written(_ frame: Int64) throws(CatalogError) -> FrameMetadata {
    let cards = try reader.headerTexts(frame: frame).map { HeaderText(text: $0.text).cards }
    return FrameMetadata(primary: cards.first ?? [], extensions: Array(cards.dropFirst()))
  }

  /// What the classification adds to a frame's header, as records in the order of the keywords; nil when it adds
  /// nothing. A value that has no FITS form is left out.
  func additions(frame: Int64) throws(CatalogError) -> [String]? {
    guard classifier.adapts else { return nil }
    let values = classifier.additions(to: try written(frame)).sorted { $0.key < $1.key }
    let records = values.flatMap { keyword, value in
      (try? Card(keyword, value, comment: "by the archive's classification").formatted()) ?? []
    }
    return records.isEmpty ? nil : records
  }
}
