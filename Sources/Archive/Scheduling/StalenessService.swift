import Associations
import CatalogStore
import Foundation
import JobContract
import References
import Settings

/// Which products would come out differently, and asking for them to be made again: `irisarchive stale` and
/// `reprocess` (MATCHING.md §3). All of it is read from what each job recorded of its inputs, references, parameters
/// and software.
public struct StalenessService: Sendable {
  /// What reprocessing an association would come to.
  public struct Planned: Sendable, Equatable {
    public var association: AssociationRecord
    public var products: [String]
    public var priority: Int
    /// `new version`, `recognised`, `retry`, `under way` or `refused`.
    public var outcome: String
    /// Why, with the job that is known.
    public var detail: String
  }

  private let parts: ArchiveParts
  private let tmtrun: String
  private let hasher = FileHasher()
  private var reader: CatalogReader { parts.writer.reader }

  public init(root: String, settings: ArchiveSettings, tmtrun: String) throws(ArchiveError) {
    parts = try ArchiveParts(root: root, settings: settings, locked: false)
    self.tmtrun = tmtrun
  }

  // MARK: which

  /// Products that would be reduced differently now, by the program, the parameters and the pinned rules as they are.
  public func changed() async throws(ArchiveError) -> [StaleProduct] {
    let planner = try await planner()
    do {
      var found: [StaleProduct] = []
      for id in try reader.liveProducts() {
        guard let (product, association) = try reader.product(frame: id),
          let job = try reader.makingJob(association: association.id)
        else { continue }
        for (cause, reason) in try differences(try planner.preview(association), job) {
          found.append(
            StaleProduct(product: product, association: association, cause: cause, reason: reason))
        }
      }
      return found
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  private func differences(
    _ preview: JobPlanner.Preview, _ job: MakingJob
  ) throws -> [(cause: String, reason: String)] {
    switch preview {
    case .refused(let why): return [("member", "could not be made again: \(why)")]
    case .job(let now):
      guard now.key != job.key, let spec = try? JSONDecoder().decode(JobSpec.self, from: Data(job.spec.utf8))
      else { return [] }
      var found: [(cause: String, reason: String)] = []
      if let software = job.software, software != now.software {
        found.append(("software", "made by \(software), the program here is \(now.software)"))
      }
      if job.software != nil, job.configuration != now.configuration {
        found.append(("parameters", "its pipeline's cfg has changed since"))
      }
      found += Self.inputs(spec.inputs, now.inputs) + Self.references(spec.references, now.references)
      // Made before these were recorded one by one.
      if found.isEmpty && job.software == nil {
        found.append(("software", "made with another program or parameters"))
      }
      return found
    }
  }

  private static func inputs(_ old: [JobInput], _ new: [JobInput]) -> [(cause: String, reason: String)] {
    let gone = old.filter { input in
      !new.contains { $0.sha256 == input.sha256 && $0.exptype == input.exptype }
    }
    let come = new.filter { input in
      !old.contains { $0.sha256 == input.sha256 && $0.exptype == input.exptype }
    }
    let words =
      gone.map { "without \($0.name) (\($0.exptype.rawValue))" }
      + come.map { "with \($0.name) (\($0.exptype.rawValue))" }
    return words.isEmpty ? [] : [("member", "would be made " + words.joined(separator: ", "))]
  }

  private static func references(
    _ old: [ResolvedReference], _ new: [ResolvedReference]
  ) -> [(cause: String, reason: String)] {
    new.compactMap { now in
      let then = old.first { $0.type == now.type }
      if then?.sha256 == now.sha256 && then?.origin == now.origin { return nil }
      return (
        "reference", "\(now.type): \(then.map(name) ?? "none") was used, \(name(now)) would be"
      )
    }
  }

  private static func name(_ reference: ResolvedReference) -> String {
    reference.path.map { String($0.split(separator: "/").last ?? "") } ?? "none"
  }

  /// Products whose references two contexts choose differently.
  ///
  /// - Throws: ``ArchiveError`` `context-…` when there is no such context.
  public func affected(from old: String, to new: String) throws(ArchiveError) -> [StaleProduct] {
    do {
      let (before, after) = (try resolver(old), try resolver(new))
      let types = Set(before.context.types + after.context.types).filter { type in
        before.context.rules(type: type)?.name != after.context.rules(type: type)?.name
      }
      if types.isEmpty { return [] }
      var found: [StaleProduct] = []
      for id in try reader.liveProducts() {
        guard let (product, association) = try reader.product(frame: id),
          let job = try reader.makingJob(association: association.id),
          let spec = try? JSONDecoder().decode(JobSpec.self, from: Data(job.spec.utf8)),
          let first = try reader.members(ofAssociation: association.id).first?.frame
        else { continue }
        let (exposure, metadata) = (Exposure(first), try parts.headers.metadata(frame: first.id))
        for type in spec.references.map(\.type).filter(types.contains) {
          let then = try before.resolve(type: type, for: exposure, metadata: metadata)
          let now = try after.resolve(type: type, for: exposure, metadata: metadata)
          if then.sha256 == now.sha256 { continue }
          found.append(
            StaleProduct(
              product: product, association: association, cause: "reference",
              reason: "\(new) chooses \(Self.name(now)) for \(type), \(old) \(Self.name(then))"))
        }
      }
      return found
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  /// Associations that a name means: its own, of a product the one it was made of, of another frame those it is in.
  public func associations(named name: String) throws(ArchiveError) -> [AssociationRecord] {
    do {
      if let association = try reader.association(named: name) { return [association] }
      guard let id = try reader.frameID(named: (name as NSString).lastPathComponent) else { return [] }
      if let product = try reader.product(frame: id) { return [product.association] }
      return try reader.associations(ofFrame: id)
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  // MARK: again

  /// What reprocessing would come to, calibrations first.
  public func plan(
    _ associations: [AssociationRecord], forced: Bool
  ) async throws(ArchiveError) -> [Planned] {
    let planner = try await planner()
    var seen: Set<Int64> = []
    do {
      var planned: [Planned] = []
      for association in associations where seen.insert(association.id).inserted {
        let (outcome, detail) = try outcome(association, planner, forced)
        planned.append(
          Planned(
            association: association,
            products: try reader.currentProducts(association: association.id).map(\.name),
            priority: parts.associator.rule(named: association.rule)?.priority ?? 50, outcome: outcome,
            detail: detail))
      }
      return planned.sorted { ($0.priority, $0.association.id) < ($1.priority, $1.association.id) }
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  private func outcome(
    _ association: AssociationRecord, _ planner: JobPlanner, _ forced: Bool
  ) throws -> (String, String) {
    switch association.state {
    case "held": return ("refused", association.reason ?? "it is held")
    case "refused": return ("refused", association.reason ?? "")
    default: break
    }
    switch try planner.preview(association) {
    case .refused(let why): return ("refused", why)
    case .job(let now):
      guard !forced, let job = try reader.job(key: now.key) else { return ("new version", "") }
      switch job.state {
      case "done": return ("recognised", "same as \(job.name): inputs, references, parameters, software")
      case "cancelled": return ("retry", "same as \(job.name), which was \(job.reason ?? "cancelled")")
      case "failed", "dead": return ("retry", "same as \(job.name), which failed: \(job.reason ?? "")")
      default: return ("under way", "same as \(job.name), which is \(job.state)")
      }
    }
  }

  /// Asks for what can be reprocessed. The daemon makes the jobs, after those of real time and calibrations first; a
  /// job that would only repeat one that is done is recognised then.
  public func ask(_ planned: [Planned], forced: Bool, reason: String) throws(ArchiveError) {
    let now = Date().timeIntervalSince1970
    let requests = planned.filter { $0.outcome != "refused" }.map {
      ReprocessRequest(
        associationID: $0.association.id, priority: $0.priority, forced: forced, reason: reason, askedAt: now)
    }
    do {
      try parts.writer.ask(requests)
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  // MARK: parts

  private func planner() async throws(ArchiveError) -> JobPlanner {
    let manifest = try await ManifestReader(program: tmtrun).current()
    return JobPlanner(
      writer: parts.writer, associator: parts.associator, manifest: manifest, resolver: try resolver(nil),
      headers: parts.headers, layout: parts.layout, limits: parts.jobLimits, calibrationWait: 0,
      persistenceWindow: parts.settings.persistenceWindowSeconds,
      insertsMasters: parts.settings.insertsMasters,
      pending: PendingWork(reader: reader, rules: parts.associator.rules),
      faults: OperatorFaults(layout: parts.layout, hasher: hasher), now: Date().timeIntervalSince1970)
  }

  /// - Parameter context: nil for the pinned one.
  private func resolver(_ context: String?) throws(ArchiveError) -> ReferenceResolver {
    do {
      let name = try context ?? reader.fact("context") ?? parts.settings.context
      return ReferenceResolver(
        reader: reader, context: try RulesContext(cachePath: parts.layout.rules, context: name),
        windows: CalibrationWindows(), associator: parts.associator, hasher: hasher)
    } catch {
      throw ArchiveParts.translated(error)
    }
  }
}
