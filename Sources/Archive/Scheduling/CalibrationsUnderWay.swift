import Associations
import CatalogStore
import JobContract

/// Finds the calibration that a frame waits for: of its configuration, near in time, and still being gathered or made.
package struct CalibrationsUnderWay: Sendable {
  let associator: Associator
  let manifest: PipelineManifest
  let pending: PendingWork
  let faults: OperatorFaults
  /// What the reference rules of a type look at; nil where there are none.
  let parkeys: @Sendable (String) -> [String]?
  /// Seconds beyond which a calibration of a type serves no frame.
  let lastSeconds: @Sendable (String) -> Double

  package init(
    associator: Associator, manifest: PipelineManifest, pending: PendingWork, faults: OperatorFaults,
    parkeys: @escaping @Sendable (String) -> [String]?, lastSeconds: @escaping @Sendable (String) -> Double
  ) {
    self.associator = associator
    self.manifest = manifest
    self.pending = pending
    self.faults = faults
    self.parkeys = parkeys
    self.lastSeconds = lastSeconds
  }

  /// The first one, as a sentence; nil when there is none.
  ///
  /// - Parameters:
  ///   - pipeline: what the frame is reduced by: its reference types are looked for.
  ///   - association: that of the frame itself.
  package func obstacle(
    _ pipeline: PipelineDescription, _ exposure: Exposure, _ association: AssociationRecord
  ) throws(CatalogError) -> String? {
    for type in pipeline.referenceTypes {
      for maker in associator.makers(of: type) where maker.rule.name != association.rule {
        // A frame that it is made of does not wait for it.
        if maker.rule.selector.matches(PendingWork.asMember(exposure, of: maker.rule)) { continue }
        let match = FieldMatch.serving(maker.match, type: type, parkeys: parkeys(type))
        for item in try pending.makers(maker.rule) where item.association.id != association.id {
          let isNear = item.first.gap(to: exposure) <= lastSeconds(type)
          if isNear, match.firstDifference(exposure, item.first) == nil, !isStuck(item, maker.rule) {
            return "waiting for calibration: \(item.association.name) is not done yet"
          }
        }
      }
    }
    return nil
  }

  /// A zero point that waits for somebody to say how bright its star is keeps nothing else waiting. Its members are of
  /// one star: `object` is among what its rule wants equal.
  private func isStuck(_ item: PendingWork.Item, _ rule: AssociationRule) -> Bool {
    manifest.pipeline(named: rule.pipeline).flatMap { faults.fault($0, [item.first]) } != nil
  }
}

extension FieldMatch {
  /// What names the calibration's own sequence and target.
  private static let own: Set<String> = ["obsname", "program", "observation", "sequence", "object"]

  /// Fields of the configuration, and what a rule of references calls them.
  private static let configuration: [String: [String]] = [
    "filter": ["META.INSTRUMENT.FILTER", "FILTER"], "pupil": ["META.INSTRUMENT.PUPIL", "PUPIL"],
    "grating": ["META.INSTRUMENT.GRATING", "GRATING"], "scale": ["META.INSTRUMENT.SCALE", "SCALE"],
    "instmode": ["META.INSTRUMENT.MODE", "INSTMODE"],
    "subarray": [
      "META.SUBARRAY.NAME", "SUBARRAY", "META.SUBARRAY.ID", "SUBARRID", "META.SUBARRAY.XSTART", "SUBSTRT1",
      "META.SUBARRAY.XSIZE", "SUBSIZE1",
    ],
  ]

  /// The same match for a frame that is to *use* the calibration: what names the calibration's own sequence and target,
  /// and what the reference rules of its type do not look at (a flat or a distortion is cut to any window) do not count.
  ///
  /// - Parameter parkeys: what these rules look at; nil where there are none yet: then the window counts for a dark only.
  package static func serving(_ match: FieldMatch, type: String, parkeys: [String]? = nil) -> FieldMatch {
    let known = parkeys.map { Set($0.map { $0.uppercased() }) }
    let counts = { (field: String) -> Bool in
      if own.contains(field) { return false }
      guard let names = configuration[field] else { return true }
      return known.map { !$0.isDisjoint(with: names) } ?? (type == "dark" || field != "subarray")
    }
    return FieldMatch(equal: match.equal.filter(counts), within: match.within)
  }
}
