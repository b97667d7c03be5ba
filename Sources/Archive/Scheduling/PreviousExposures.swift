import CatalogStore
import Foundation
import Glibc
import JobContract

/// Finds the exposures whose light may still be in the detector: level 1 of the same detector that ended shortly before
/// a ramp began.
///
/// One that comes later, after the ramp was reduced, changes nothing by itself: `irisarchive reprocess NAME --force`
/// takes it into account.
struct PreviousExposures: Sendable {
  /// The parameter that takes their paths.
  static let parameter = "persistence.previous"

  let reader: CatalogReader
  /// Seconds between the end of one and the begin of the ramp.
  let window: Double

  /// Pipelines with the step that looks at them.
  static func concern(_ pipeline: PipelineDescription) -> Bool { pipeline.steps.contains("persistence") }

  /// What cannot be told of the afterimages: an exposure of the detector came before, within the window, and has no
  /// level 1 frame yet. The wait for it ran out, or it arrived after the ramp had been planned. nil when there is none.
  ///
  /// - Parameter rules: names of those that make level 1 frames of ramps.
  func shortcoming(of job: JobRecord, rules: [String]) throws(CatalogError) -> String? {
    guard window > 0, let first = try reader.members(ofAssociation: job.associationID).first?.frame,
      let detector = first.fields["detector"],
      let earlier = try reader.unmadeExposure(
        of: detector, beginningBefore: first.dateObs, endingAfter: first.dateObs - window, rules: rules,
        except: job.associationID)
    else { return nil }
    return
      "afterimages of the exposure before are not flagged: \(earlier) was not reduced when this one began"
  }

  /// In order of time; those whose file can be read now.
  func of(_ job: JobRecord) throws(CatalogError) -> [PreviousExposure] {
    guard window > 0, let first = try reader.members(ofAssociation: job.associationID).first?.frame,
      let detector = first.fields["detector"]
    else { return [] }
    return try reader.levelOneFrames(
      detector: detector, endingIn: (first.dateObs - window)...first.dateObs
    ).compactMap { frame in
      guard let path = frame.path, let sha256 = frame.sha256, access(path, R_OK) == 0 else { return nil }
      return PreviousExposure(name: frame.name, path: path, sha256: sha256)
    }
  }
}
