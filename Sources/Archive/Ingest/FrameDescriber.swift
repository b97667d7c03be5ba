import CatalogStore
import FITSStructure
import Foundation
import Metadata

/// Turns headers into the catalog's columns, the matching fields of the rules and the indexed keywords.
package struct FrameDescriber: Sendable {
  package struct Described: Sendable {
    package var description: NewFrame.Description
    var state: String
    var reason: String?
    var metadata: FrameMetadata
  }

  let classifier: Classifier
  let night: NightName

  package init(classifier: Classifier, night: NightName) {
    self.classifier = classifier
    self.night = night
  }

  package func describe(headers: [HeaderText], shape: FrameShape? = nil) -> Described {
    let cards = headers.map(\.cards)
    let read = FrameMetadata(primary: cards.first ?? [], extensions: Array(cards.dropFirst()))
    let metadata = classifier.adapted(read)
    let classification = classifier.classify(read, hint: shape)
    var description = NewFrame.Description()
    description.kind = classification.kind
    description.level = classification.level
    description.obstype = classification.obsType
    description.obsname = classification.obsName
    fillColumns(&description, metadata)
    description.fields = MatchFields.fields(metadata, classification)
    description.fields["night"] = description.night
    description.fields["adapted"] = classifier.isForeign(read) ? "yes" : nil
    description.fields["added"] = classifier.additions(to: read).isEmpty ? nil : "yes"
    description.exposureKey = description.fields["exposure"]
    if classification.kind == "readout" || classification.level == 1 {
      description.detectorExposure = metadata.detectorExposure
    }
    for keyword in classifier.indexedKeywords {
      guard let value = metadata.value(of: keyword) else { continue }
      description.keywords[keyword] = Self.text(value)
    }
    return Described(
      description: description, state: classification.state.rawValue, reason: classification.reason,
      metadata: metadata)
  }

  /// Which checksums of a file with these headers must hold.
  func checksumRule(headers: [HeaderText]) -> ChecksumRule {
    let cards = headers.map(\.cards)
    return classifier.checksumRule(
      for: FrameMetadata(primary: cards.first ?? [], extensions: Array(cards.dropFirst())))
  }

  private func fillColumns(_ description: inout NewFrame.Description, _ metadata: FrameMetadata) {
    description.detector = metadata.detector ?? metadata.detectorLiteral
    description.filter = metadata.filter
    description.object = metadata.object
    description.program = metadata.program
    description.observation = metadata.observation
    description.dateObs = metadata.dateBegin?.timeIntervalSince1970
    description.dateEnd = metadata.dateEnd?.timeIntervalSince1970
    description.exptime = metadata.exposureSeconds.flatMap { $0.isFinite ? $0 : nil }
    description.ra = metadata.ra
    description.dec = metadata.dec
    if let date = metadata.dateBegin {
      description.night = night.night(of: date)
    }
  }

  /// A header value as the text that `--keyword NAME=VALUE` compares.
  static func text(_ value: Card.Value) -> String {
    switch value {
    case .string(let text): text
    case .integer(let number): String(number)
    case .real(let number): number.description
    case .logical(let flag): flag ? "T" : "F"
    case .complex(let re, let im): "(\(re),\(im))"
    case .undefined: ""
    case .text(let text): text
    }
  }
}
