import CatalogStore
import Foundation
import Glibc
import JobContract

/// Finds the exposures whose light may still be in the detector: level 1 of the same detector that ended shortly before
/// a ramp began.
///
/// One that comes later, after the ramp was reduced, changes nothing by itself: `irisarchive reprocess NAME --force`
/// takes it into account.
package struct PreviousExposures: Sendable {
  /// The parameter that takes their paths.
  static let parameter = "persistence.previous"

  let reader: CatalogReader
  /// Seconds between the end of one and the begin of the ramp.
  let window: Double

  package init(reader: CatalogReader, window: Double) {
    self.reader = reader
    self.window = window
  }

  /// Pipelines with the step that looks at them.
  package static func concern(_ pipeline: PipelineDescription) -> Bool {
    pipeline.steps.contains("persistence")
  }

  /// What a ramp is given, and what cannot be told of the afterimages.
  package struct Found: Sendable, Equatable {
    /// In order of time.
    package var given: [PreviousExposure] = []
    /// An exposure of the detector came before, within the window, and no level 1 frame of it is given: the wait for it
    /// ran out, its job failed, it is held, it arrived after the ramp had been planned. nil when there is none.
    package var shortcoming: String?
  }

  /// Those whose file can be read now, and the last that should be there and is not.
  ///
  /// - Parameter rules: names of those that make level 1 frames of ramps.
  package func of(_ job: JobRecord, rules: [String]) throws(CatalogError) -> Found {
    guard window > 0 else { return Found() }
    // Readouts become members as they arrive: the first of them need not be the earliest.
    let members = try reader.members(ofAssociation: job.associationID).map(\.frame)
    guard let first = members.min(by: { $0.dateObs < $1.dateObs }), let detector = first.fields["detector"]
    else { return Found() }
    let begin = first.dateObs
    let frames = try reader.levelOneFrames(
      detector: detector, endingIn: (begin - window)...begin, limit: Self.most)
    let readable = frames.filter { $0.sha256 != nil && $0.path.map { access($0, R_OK) == 0 } ?? false }
    let earlier = try reader.unreducedExposures(
      of: detector, endingIn: Self.since(frames, begin - window)...begin, rules: rules,
      except: job.associationID, exposure: first.detectorExposure)
    let missed = earlier.first { exposure in !readable.contains { Self.shows($0, exposure) } }
    return Found(
      given: readable.compactMap { frame in
        guard let path = frame.path, let sha256 = frame.sha256 else { return nil }
        return PreviousExposure(name: frame.name, path: path, sha256: sha256)
      }, shortcoming: missed.map(Self.sentence))
  }

  /// So many are given at most.
  private static let most = 64

  /// What came before the earliest of so many is not asked for.
  private static func since(_ frames: [MatchRecord], _ begin: Double) -> Double {
    frames.count < most ? begin : max(begin, frames.first?.dateEnd ?? begin)
  }

  private static func shows(_ frame: MatchRecord, _ exposure: EarlierExposure) -> Bool {
    AssociatorService.isOneExposure(
      frame.dateObs...max(frame.dateObs, frame.dateEnd),
      exposure.begins...max(exposure.begins, exposure.ends))
  }

  private static func sentence(_ exposure: EarlierExposure) -> String {
    "afterimages of the exposure before are not flagged: "
      + (exposure.isMade
        ? "the level 1 frame of \(exposure.name) is BAD, has no flags or cannot be read"
        : "\(exposure.name) was not reduced when this one began")
  }
}
