import Associations
import CatalogStore
import Crypto
import Foundation
import JobContract
import Metadata
import References

/// Turns an association into a job: waits for calibrations that are on their way, chooses references, names the
/// products, and computes the key by which a repeated job is known.
struct JobPlanner: Sendable {
  enum Plan: Sendable, Equatable {
    /// Not yet: a sentence for people.
    case wait(String)
    case queue(CatalogWriter.NewJob)
    /// Nothing can be made of it.
    case refuse(String)
  }

  let writer: CatalogWriter
  let associator: Associator
  let manifest: PipelineManifest
  let resolver: ReferenceResolver
  let headers: HeaderLoader
  let layout: ArchiveLayout
  let limits: JobLimits
  let calibrationWait: Double
  let persistenceWindow: Double
  let insertsMasters: Bool
  /// What is on its way in this turn.
  let pending: PendingWork
  /// What waits for a person in this turn.
  let faults: OperatorFaults
  /// Seconds since 1970 UTC.
  let now: Double

  private var reader: CatalogReader { writer.reader }

  func plan(_ association: AssociationRecord) throws(CatalogError) -> Plan {
    let request = try reader.request(association: association.id)
    switch try gathered(association) {
    case .refused(let why): return .refuse(why)
    case .faulty(let why): return .wait(why)
    case .ready(let pipeline, let association, let members):
      if let fault = faults.fault(pipeline, members.map { Exposure($0.frame) }) { return .wait(fault) }
      if let obstacle = try delay(pipeline, association, members, request) { return .wait(obstacle) }
      return try job(try draft(pipeline, association, members, request), request)
    }
  }

  /// What a job would be made of, as things are now.
  func preview(_ association: AssociationRecord) throws(CatalogError) -> Preview {
    switch try gathered(association) {
    case .refused(let why), .faulty(let why): return .refused(why)
    case .ready(let pipeline, let association, let members):
      let draft = try draft(pipeline, association, members, nil)
      return .job(
        .init(
          key: draft.key, software: manifest.software, configuration: draft.configurationSHA,
          inputs: draft.inputs, references: draft.references))
    }
  }

  /// What goes into the key of a job.
  struct Ingredients: Sendable, Equatable {
    var key: String
    var software: String
    var configuration: String?
    var inputs: [JobInput]
    var references: [ResolvedReference]
  }

  enum Preview: Sendable, Equatable {
    case job(Ingredients)
    case refused(String)
  }

  private enum Gathered {
    case ready(PipelineDescription, AssociationRecord, [MemberRecord])
    case refused(String)
    /// Its rule must be put right first.
    case faulty(String)
  }

  /// The members that can be used, and the association as it is without the others.
  private func gathered(_ association: AssociationRecord) throws(CatalogError) -> Gathered {
    let rule = associator.rule(named: association.rule)
    guard let pipeline = manifest.pipeline(named: association.pipeline, skipping: rule?.skips ?? []) else {
      return .refused("tmtrun knows no pipeline '\(association.pipeline)'; see tmtrun list")
    }
    if let unknown = manifest.skips(rule?.skips ?? [], of: pipeline.name).unknown.first {
      return .faulty(
        "rule \(association.rule) skips '\(unknown)', and \(pipeline.name) has no such step; "
          + "see tmtrun describe \(pipeline.name)")
    }
    let all = Self.inOrder(try reader.members(ofAssociation: association.id))
    let isCombination = rule?.isCombination ?? false
    let spoilt = isCombination ? try reader.spoiltMembers(ofAssociation: association.id) : []
    let members = all.filter {
      $0.frame.path != nil && $0.frame.sha256 != nil && $0.frame.quality != "BAD"
        && !spoilt.contains($0.frame.id)
    }
    guard let first = members.first, first.exptype == all.first?.exptype || isSequence(association) else {
      return .refused("\(all.first?.frame.name ?? "its frame") is missing from its place, or marked bad")
    }
    var association = association
    if members.count < all.count, let why = shortened(&association, members) { return .refused(why) }
    return .ready(pipeline, association, members)
  }

  private func delay(
    _ pipeline: PipelineDescription, _ association: AssociationRecord, _ members: [MemberRecord],
    _ request: ReprocessRequest?
  ) throws(CatalogError) -> String? {
    if let unfinished = try unfinishedMembers(association, members) { return unfinished }
    if let request {
      if try reader.isBusyBefore(request, except: stuckRequests()) {
        return "to be reprocessed, after what it is made of"
      }
      return try newMaster(pipeline)
    }
    let exposure = Exposure(members[0].frame)
    // A frame from the future came before the clock was set back: its set says since when it waits.
    let arrived = members[0].frame.arrivedAt
    let since = arrived > now ? association.openedAt : max(association.openedAt, arrived)
    guard now - since < calibrationWait else { return nil }
    return try obstacle(pipeline, exposure, association)
  }

  private func mayBeStuck(_ association: AssociationRecord) -> Bool {
    guard let pipeline = manifest.pipeline(named: association.pipeline) else { return false }
    return faults.mayStop(pipeline) || !(associator.rule(named: association.rule)?.skips ?? []).isEmpty
  }

  /// Requests that wait for a person keep later ones from nothing.
  private func stuckRequests() throws(CatalogError) -> Set<Int64> {
    try faults.stuckRequests { () throws(CatalogError) in
      var stuck: Set<Int64> = []
      for association in try reader.requestedAssociations() where mayBeStuck(association) {
        switch try gathered(association) {
        case .faulty: stuck.insert(association.id)
        case .ready(let pipeline, _, let members):
          if faults.fault(pipeline, members.map { Exposure($0.frame) }) != nil {
            stuck.insert(association.id)
          }
        case .refused: break
        }
      }
      return stuck
    }
  }

  /// Science first, then by time and name: sums over frames, and so products, do not depend on the order of arrival.
  private static func inOrder(_ members: [MemberRecord]) -> [MemberRecord] {
    members.sorted { a, b in
      let (isFirstA, isFirstB) = (a.exptype == "science" ? 0 : 1, b.exptype == "science" ? 0 : 1)
      return (isFirstA, a.exptype, a.frame.dateObs, a.frame.name, a.frame.id)
        < (isFirstB, b.exptype, b.frame.dateObs, b.frame.name, b.frame.id)
    }
  }

  private func isSequence(_ association: AssociationRecord) -> Bool {
    guard let rule = associator.rule(named: association.rule) else { return false }
    if case .gathers = rule.shape { return true }
    return rule.isCombination
  }

  /// Members have gone since the association was closed: it goes on with those left, degraded, or is refused.
  /// Returns why it is refused.
  private func shortened(_ association: inout AssociationRecord, _ members: [MemberRecord]) -> String? {
    var why = "a member is missing from its place, or marked bad"
    let counted = members.filter { $0.exptype != MemberType.rawframe.rawValue }.map { Exposure($0.frame) }
    switch associator.rule(named: association.rule)?.verdict(counted) {
    case .refused(let reason)?: return reason
    case .degraded(let reason)?: why = reason
    case .complete?, nil: break
    }
    association.degraded = [association.degraded, why].compactMap { $0 }.joined(separator: "; ")
    return nil
  }

  // MARK: waiting

  /// A calibration of this configuration that is still being gathered or made.
  private func obstacle(
    _ pipeline: PipelineDescription, _ exposure: Exposure, _ association: AssociationRecord
  ) throws(CatalogError) -> String? {
    let (context, windows) = (resolver.context, resolver.windows)
    let calibrations = CalibrationsUnderWay(
      associator: associator, manifest: manifest, pending: pending, faults: faults,
      parkeys: { context.rules(type: $0)?.rowParkeys }, lastSeconds: { windows.lastSeconds(type: $0) })
    if let calibration = try calibrations.obstacle(pipeline, exposure, association) { return calibration }
    if let earlier = try earlierRamp(pipeline, exposure, association) { return earlier }
    return try newMaster(pipeline)
  }

  /// An earlier exposure of the detector that is still being reduced, whose saturated pixels the next one has to know.
  private func earlierRamp(
    _ pipeline: PipelineDescription, _ exposure: Exposure, _ association: AssociationRecord
  ) throws(CatalogError) -> String? {
    guard PreviousExposures.concern(pipeline), persistenceWindow > 0 else { return nil }
    let earlier = try pending.exposure(
      before: exposure, within: persistenceWindow,
      rules: associator.rules.filter { $0.pipeline == pipeline.name }.map(\.name), except: association.id)
    return earlier.map { "waiting for the exposure before: \($0.association.name) is not done yet" }
  }

  /// A master that is made but not yet in the rules. Asked last: a job leaves the queue and its master appears here
  /// in one transaction, and only a turn of the scheduler takes it away.
  private func newMaster(_ pipeline: PipelineDescription) throws(CatalogError) -> String? {
    guard insertsMasters else { return nil }
    return try reader.uninsertedMasters().first {
      $0.path != nil && pipeline.referenceTypes.contains($0.kind)
    }
    .map { "waiting for calibration: \($0.name) is not in the rules yet" }
  }

  // MARK: the job

  struct Draft {
    var association: AssociationRecord
    var pipeline: PipelineDescription
    var members: [MemberRecord]
    var metadata: FrameMetadata
    var inputs: [JobInput]
    var references: [ResolvedReference]
    var configuration: String?
    var configurationSHA: String?
    var parameters: [String: String]
    var skips: [String]
    var key: String
  }

  private func draft(
    _ pipeline: PipelineDescription, _ association: AssociationRecord, _ members: [MemberRecord],
    _ request: ReprocessRequest?
  ) throws(CatalogError) -> Draft {
    let exposure = Exposure(members[0].frame)
    let metadata = try headers.metadata(frame: members[0].frame.id)
    let references = try references(pipeline, exposure, metadata)
    let inputs = try inputs(members)
    let standards = faults.standards(pipeline)
    let sha256 = configurationSHA(pipeline, standards, members)
    let skips = manifest.skips(
      associator.rule(named: association.rule)?.skips ?? [], of: association.pipeline
    ).names
    func key(again: String?) -> String {
      JobKey.key(
        pipeline: pipeline.name, software: manifest.software, configuration: sha256,
        inputs: inputs, references: references, skips: skips, again: again)
    }
    var name = key(again: request.flatMap { $0.forced ? "\($0.askedAt)" : nil })
    // What it made was superseded: the same once more is a new version, not a repetition.
    if try reader.isOutdated(key: name) {
      name = key(again: "version \(try reader.nextVersion(association: association.id))")
    }
    return Draft(
      association: association, pipeline: pipeline, members: members, metadata: metadata, inputs: inputs,
      references: references, configuration: layout.pipelineConfiguration(pipeline.name),
      configurationSHA: sha256, parameters: standards?.parameters ?? [:], skips: skips, key: name)
  }

  private func references(
    _ pipeline: PipelineDescription, _ exposure: Exposure, _ metadata: FrameMetadata
  ) throws(CatalogError) -> [ResolvedReference] {
    var references: [ResolvedReference] = []
    for type in pipeline.referenceTypes {
      references.append(try resolver.resolve(type: type, for: exposure, metadata: metadata))
    }
    for type in pipeline.parameterReferenceTypes ?? [] {
      if let chosen = try resolver.parameters(type: type, for: exposure, metadata: metadata) {
        references.append(chosen)
      }
    }
    return references
  }

  /// Of the pipeline's cfg and of what the list of standards says of the members' stars; nil without either.
  private func configurationSHA(
    _ pipeline: PipelineDescription, _ standards: StandardStars?, _ members: [MemberRecord]
  ) -> String? {
    let parts = [
      layout.pipelineConfiguration(pipeline.name).flatMap {
        ConfigurationDigest(hasher: resolver.hasher).sha256(of: $0)
      },
      standards?.fingerprint(of: members.map { Exposure($0.frame) }),
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: "+")
  }

  private func inputs(_ members: [MemberRecord]) throws(CatalogError) -> [JobInput] {
    var inputs: [JobInput] = []
    for member in members {
      guard let path = member.frame.path, let sha256 = member.frame.sha256,
        let type = MemberType(rawValue: member.exptype)
      else { continue }
      inputs.append(
        JobInput(
          name: member.frame.name, path: path, sha256: sha256, exptype: type,
          cards: try headers.additions(frame: member.frame.id)))
    }
    return inputs
  }

  private func job(_ draft: Draft, _ request: ReprocessRequest?) throws(CatalogError) -> Plan {
    let association = draft.association
    let version = try reader.nextVersion(association: association.id)
    let known = try reader.job(key: draft.key) != nil
    let spec = JobSpec(
      job: "", attempt: 0, token: "", pipeline: draft.pipeline.name, configuration: draft.configuration,
      parameters: draft.parameters, skip: draft.skips, association: association.name,
      associationRule: association.rule, inputs: draft.inputs,
      references: draft.references,
      context: resolver.context.name, outputDirectory: "",
      fileNames: known ? [:] : try fileNames(draft, version: version),
      degraded: degraded(association, draft.members), limits: limits)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(spec) else { return .refuse("its job cannot be written as JSON") }
    let arrival = draft.members.map(\.frame.arrivedAt).max() ?? now
    let priority = JobPriority.of(
      rule: associator.rule(named: association.rule)?.priority ?? 50, isRequested: request != nil,
      version: version, age: now - arrival)
    return .queue(
      .init(
        association: association.id, pipeline: draft.pipeline.name, key: draft.key,
        priority: priority,
        spec: String(decoding: data, as: UTF8.self), software: manifest.software,
        configuration: draft.configurationSHA))
  }

  /// The association's own reason and those its members carry.
  private func degraded(_ association: AssociationRecord, _ members: [MemberRecord]) -> [String] {
    let own = association.degraded.map { [$0] } ?? []
    let aborted = members.filter { $0.frame.fields["aborted"] != nil }.map { "\($0.frame.name): aborted" }
    return own + aborted
      + members.compactMap { member in member.frame.degraded.map { "\(member.frame.name): \($0)" } }
  }

  private func fileNames(_ draft: Draft, version: Int) throws(CatalogError) -> [String: String] {
    var names: [String: String] = [:]
    let (pipeline, first) = (draft.pipeline, draft.members[0].frame)
    for kind in pipeline.products {
      if associator.rule(named: draft.association.rule)?.isCombination == true {
        names[kind] = combinationName(draft, kind: kind, version: version)
      } else if pipeline.level == 0 {
        let number = try writer.allocateReferenceNumber(type: kind, free: firstFreeNumber(kind))
        names[kind] = ProductName.reference(type: kind, number: number)
      } else {
        let plain = ProductName.product(
          draft.metadata, level: pipeline.level, kind: kind, rawFile: first.name,
          obsName: first.fields["obsname"])
        names[kind] = ProductName.versioned(plain, version)
      }
    }
    return names
  }

  /// The first number of a reference type that neither the cache nor a row of the pinned rules uses.
  private func firstFreeNumber(_ type: String) -> Int {
    let inCache =
      (try? FileManager.default.contentsOfDirectory(atPath: resolver.context.cache.referencesFolder)) ?? []
    let inRules = resolver.context.rules(type: type)?.rows.flatMap { $0.references.map(\.file) } ?? []
    let numbers = (inCache + inRules).compactMap { file -> Int? in
      let stem = FileStem.of(file)
      guard stem.hasPrefix("tmt_iris_\(type)_") else { return nil }
      return stem.split(separator: "_").last.flatMap { Int($0) }
    }
    return (numbers.max() ?? 0) + 1
  }
}
