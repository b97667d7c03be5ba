import Foundation
import Glibc
import JobContract

/// Runs a job of the archive: reads `job.json`, keeps its limits, writes products and `report.json`.
public struct JobRunner: Sendable {
  let registry: PipelineRegistry
  let services: RunServices

  public init(registry: PipelineRegistry, services: RunServices) {
    self.registry = registry
    self.services = services
  }

  /// Reads a job specification.
  /// - Throws: `EngineError` `input-missing` or `bad-job`.
  public static func spec(at path: String) throws(EngineError) -> JobSpec {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EngineError("input-missing", "cannot read the job", subject: path)
    }
    let spec: JobSpec
    do {
      spec = try JSONDecoder().decode(JobSpec.self, from: data)
    } catch {
      throw EngineError(
        "bad-job", "the job is not of the form this program reads", subject: path, underlying: error)
    }
    guard spec.version == JobSpec.currentVersion else {
      throw EngineError(
        "bad-job", "the job is of version \(spec.version), this program reads \(JobSpec.currentVersion)",
        subject: path)
    }
    return spec
  }

  /// Runs the job and writes its report, also of a failure.
  /// - Returns: the report as written.
  /// - Throws: `EngineError` `write-failed` when the report itself cannot be written.
  public func run(_ spec: JobSpec) throws(EngineError) -> RunReport {
    let started = services.now()
    let report: RunReport
    do {
      try ResourceLimits(spec.limits).apply()
      report = PipelineRunner(request: try request(for: spec), services: services).run()
    } catch {
      let fault = error as? ConfigurationFault
      let failure = ReportedError(fault?.underlying ?? error)
      report = RunReport(
        job: spec.job, attempt: spec.attempt, token: spec.token, pipeline: spec.pipeline, status: .failed,
        exitCode: (fault.map { _ in .configuration } ?? ExitCode(code: failure.code)).rawValue,
        error: failure, started: UTCTime.iso(started),
        ended: UTCTime.iso(services.now()), seconds: services.now().timeIntervalSince(started),
        peakMemoryBytes: ProcessUsage.peakMemoryBytes, software: ["irisarchive": services.version],
        degraded: spec.degraded)
    }
    try ReportFile(directory: spec.outputDirectory).write(report)
    return report
  }

  /// A cfg that is wrong is the fault of the archive's own configuration here, not of a file that a person named.
  private struct ConfigurationFault: Error { let underlying: any Error }

  private static func merge(_ path: String, into configuration: inout RunConfiguration) throws {
    do {
      try configuration.merge(CfgFile(path: path))
    } catch {
      throw ConfigurationFault(underlying: error)
    }
  }

  private func request(for spec: JobSpec) throws -> RunRequest {
    guard case .pipeline(let pipeline) = try registry.target(named: spec.pipeline) else {
      throw EngineError("unknown-pipeline", "the job names a step, not a pipeline", subject: spec.pipeline)
    }
    var configuration = try RunConfiguration(pipeline, logName: pipeline.name)
    if let path = spec.configuration { try Self.merge(path, into: &configuration) }
    for (key, text) in spec.parameters.sorted(by: { $0.key < $1.key }) {
      try configuration.set(key, text, from: .job)
    }
    for step in spec.skip { try configuration.skip(step, from: .job) }
    try configuration.merge(parameterReferences: spec.references)
    try configuration.checkForJob(user: geteuid())
    guard let name = spec.fileNames[pipeline.productKind] else {
      throw EngineError(
        "bad-job", "fileNames has no name for the product kind '\(pipeline.productKind)'", subject: spec.job)
    }
    guard !name.contains("/"), !name.hasPrefix("."), !name.isEmpty else {
      throw EngineError("bad-job", "a product's name is a bare file name", subject: name)
    }
    var request = RunRequest(
      job: spec.job, attempt: spec.attempt, token: spec.token, configuration: configuration,
      members: spec.inputs.map(Member.init),
      references: try configuration.references(over: spec.references), context: spec.context,
      association: spec.association, associationRule: spec.associationRule,
      outputDirectory: spec.outputDirectory, productFileName: name,
      previousMaster: spec.previousMaster, wantsPreviews: spec.preview ?? true, degraded: spec.degraded)
    request.furtherFileNames = spec.fileNames
    return request
  }
}
