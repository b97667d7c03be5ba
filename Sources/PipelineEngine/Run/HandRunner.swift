import DataModels
import Foundation
import JobContract
import Metadata

/// Runs a pipeline by hand: names products, looks references up, one run per product.
public struct HandRunner: Sendable {
  let configuration: RunConfiguration
  let inputs: [String]
  let outputDirectory: String
  let cache: ReferenceFinder.Cache?
  let comparedMaster: String?
  let wantsPreviews: Bool
  let services: RunServices
  let live: LiveReadouts?

  /// - Parameters:
  ///   - cache: the reference rules; nil when there are none, then only overrides are used.
  ///   - comparedMaster: a master that a new one is compared with.
  ///   - live: an exposure whose readouts are landing; then `inputs` is its first file.
  public init(
    configuration: RunConfiguration, inputs: [String], outputDirectory: String, cache: ReferenceFinder.Cache?,
    comparedMaster: String? = nil, wantsPreviews: Bool = true, live: LiveReadouts? = nil,
    services: RunServices
  ) {
    self.configuration = configuration
    self.inputs = inputs
    self.outputDirectory = outputDirectory
    self.cache = cache
    self.comparedMaster = comparedMaster
    self.wantsPreviews = wantsPreviews
    self.services = services
    self.live = live
  }

  /// Runs every product of the inputs, one after another; a failed one does not stop the rest.
  /// - Throws: what is wrong before anything runs: missing inputs, bad associations, broken rules.
  public func run() throws -> [RunReport] {
    let list = try InputList(arguments: inputs, intake: configuration.pipeline.intake)
    do {
      try FileManager.default.createDirectory(atPath: outputDirectory, withIntermediateDirectories: true)
    } catch {
      throw EngineError("output-folder", "the folder for products cannot be made", subject: outputDirectory)
    }
    let finder = try makeFinder()
    return list.groups.map { group in
      do {
        return PipelineRunner(request: try request(for: group, finder: finder), services: services).run()
      } catch {
        return failed(group, ReportedError(error))
      }
    }
  }

  /// The report of a product whose run could not even begin, e.g. because its first file is no FITS file.
  private func failed(_ group: InputList.Group, _ error: ReportedError) -> RunReport {
    let now = UTCTime.iso(services.now())
    return RunReport(
      job: "by-hand", attempt: 1, token: "", pipeline: configuration.pipeline.name, status: .failed,
      exitCode: ExitCode(code: error.code).rawValue, error: error, started: now, ended: now, seconds: 0,
      peakMemoryBytes: ProcessUsage.peakMemoryBytes, software: ["irisarchive": services.version],
      inputs: group.members.map {
        FileIdentity(role: $0.exptype.rawValue, name: $0.name, path: $0.path, sha256: $0.sha256 ?? "")
      })
  }

  var lookupTypes: [String] {
    configuration.pipeline.referenceTypes.filter { configuration.overrides[$0] == nil }
  }

  var wantsLookup: Bool { !lookupTypes.isEmpty }

  func request(for group: InputList.Group, finder: ReferenceFinder?) throws -> RunRequest {
    let first = group.members[0]
    var configuration = configuration
    let parameters = try parameterReferences(for: first, finder: finder)
    try configuration.merge(parameterReferences: parameters)
    var notes: [String] = []
    if let finder, let cache {
      notes.append(
        "reference rules: \(finder.context)\(cache.context == nil ? ", the newest" : "") of \(cache.path) "
          + "(\(cache.origin))")
    } else if wantsLookup {
      notes.append(
        "no reference rules were found, so no \(lookupTypes.joined(separator: ", ")) was looked up: set CRDS_PATH "
          + "to a CRDS cache, or give --override type=file")
    }
    var request = RunRequest(
      configuration: configuration, members: group.members,
      references: try references(for: first, finder: finder) + parameters, context: finder?.context,
      association: group.product, associationRule: group.rule, associationTable: group.table,
      associationPool: group.pool, outputDirectory: outputDirectory,
      productFileName: try productName(for: group),
      previousMaster: try previousMaster, wantsPreviews: wantsPreviews, notes: notes,
      arguments: group.table.map { [$0] } ?? group.members.map(\.name))
    request.live = live
    request.warnings = group.notes + (finder?.warnings ?? [])
    return request
  }

  private var previousMaster: ResolvedReference? {
    get throws(EngineError) {
      guard let path = comparedMaster else { return nil }
      guard let type = configuration.pipeline.referenceType else {
        throw EngineError(
          "usage", "\(configuration.pipeline.name) makes no master that could be compared", subject: path)
      }
      guard FileManager.default.fileExists(atPath: path) else {
        throw EngineError("input-missing", "no such file", subject: path)
      }
      return ResolvedReference(type: type, origin: .override, path: path)
    }
  }

  private func references(for first: Member, finder: ReferenceFinder?) throws -> [ResolvedReference] {
    let result = try configuration.references(over: [])
    if let finder { return result + (try finder.references(lookupTypes, for: first.path)) }
    return result
      + lookupTypes.map { ResolvedReference(type: $0, origin: .none, reason: "there are no reference rules") }
  }

  /// DATA.md §7, by hand: the association's product name, else the input's stem without its last word, and the
  /// kind. A file that is there is never overwritten: the next version is written.
  private func productName(for group: InputList.Group) throws -> String {
    let kind = configuration.pipeline.productKind
    let name =
      group.product.map { ProductName.byHand(productName: $0, kind: kind) }
      ?? ProductName.byHand(inputFile: group.members[0].name, kind: kind)
    for version in 1...999 {
      let candidate = ProductName.versioned(name, version)
      if !FileManager.default.fileExists(atPath: "\(outputDirectory)/\(candidate)") { return candidate }
    }
    throw EngineError("write-failed", "999 versions of the product are there already", subject: name)
  }
}
