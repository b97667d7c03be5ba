import Associations
import Foundation
import JobContract
import Synchronization

/// What only a person can put right and jobs wait for: a cfg that cannot be read, a list of standards with a fault or
/// without a star. The files are looked at once in a turn of the scheduler, however many associations ask.
package final class OperatorFaults: Sendable {
  private struct State {
    var standards: [String: StandardStars?] = [:]
    var configurations: [String: String?] = [:]
    var stuck: Set<Int64>?
  }

  private let layout: ArchiveLayout
  private let hasher: FileHasher
  private let state = Mutex(State())

  package init(layout: ArchiveLayout, hasher: FileHasher) {
    self.layout = layout
    self.hasher = hasher
  }

  /// The archive's list of stars, where a pipeline needs it; nil where its cfg says itself how bright they are.
  package func standards(_ pipeline: PipelineDescription) -> StandardStars? {
    guard StandardStars.concern(pipeline) else { return nil }
    return state.withLock { state in
      if let known = state.standards[pipeline.name] { return known }
      let stars = StandardStars(
        pipeline, path: layout.standards, configuration: layout.pipelineConfiguration(pipeline.name))
      state.standards[pipeline.name] = .some(stars)
      return stars
    }
  }

  /// A cfg that is there and cannot be read must not pass for none: a sentence.
  private func configurationFault(_ pipeline: String) -> String? {
    state.withLock { state in
      if let known = state.configurations[pipeline] { return known }
      let path = layout.placeOfConfiguration(pipeline)
      var status = stat()
      let isThere = lstat(path, &status) == 0
      let fault =
        isThere && ConfigurationDigest(hasher: hasher).sha256(of: path) == nil
        ? "\(path) cannot be read; make it a file that the archive may read" : nil
      state.configurations[pipeline] = .some(fault)
      return fault
    }
  }

  /// Whether frames can wait for a person in this pipeline at all, as things are.
  package func mayStop(_ pipeline: PipelineDescription) -> Bool {
    configurationFault(pipeline.name) != nil || standards(pipeline) != nil
  }

  /// Why a job of these frames waits for a person, as a sentence with what to do; nil when it does not.
  package func fault(_ pipeline: PipelineDescription, _ frames: [Exposure]) -> String? {
    configurationFault(pipeline.name) ?? standards(pipeline)?.lacking(frames)
  }

  /// Associations with a request that wait for a person, found once.
  package func stuckRequests<E: Error>(_ find: () throws(E) -> Set<Int64>) throws(E) -> Set<Int64> {
    if let known = state.withLock({ $0.stuck }) { return known }
    let stuck = try find()
    state.withLock { $0.stuck = stuck }
    return stuck
  }
}
