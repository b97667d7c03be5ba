import Foundation
import JobContract
import Logging
import Metadata

/// Runs one request from its files to its product and tells what happened, whatever happened.
public struct PipelineRunner: Sendable {
  let request: RunRequest
  let services: RunServices

  public init(request: RunRequest, services: RunServices) {
    self.request = request
    self.services = services
  }

  var pipeline: Pipeline { request.configuration.pipeline }
  var label: String { "stpipe.\(request.configuration.logName)" }

  /// Runs; never throws: a failure is in the report's `error` and `exitCode`.
  public func run() -> RunReport {
    let started = services.now()
    let clock = ProcessUsage.monotonicSeconds
    var record = RunRecord(request: request)
    var failure: ReportedError?
    do {
      try execute(&record)
    } catch {
      failure = ReportedError(error)
      services.logger(label).error("\(failure?.message ?? "")")
    }
    return record.report(
      software: services.software.merging(["irisarchive": services.version]) { $1 }, failure: failure,
      started: UTCTime.iso(started), ended: UTCTime.iso(services.now()),
      seconds: ProcessUsage.monotonicSeconds - clock)
  }

  private func execute(_ record: inout RunRecord) throws {
    let log = services.logger(label)
    announce(log)
    let hashes = InputHashes(request.members)
    // Hashed as they land: nothing is left to be read again after the last one.
    request.live?.onTake = { hashes.take($0) }
    let shelf = ReferenceShelf(request.references, notes: record.notes, logger: log)
    shelf.prefetch(for: request, log: log)
    for reference in request.references {
      guard let path = reference.path else { continue }
      if reference.sha256 == nil { hashes.take(path) } else { hashes.takeAgain(path) }
    }
    var work = try Assembly(request: request, notes: record.notes, log: log).workpiece()
    log.info("Starting \(pipeline.title) ...")
    log.info("Processing product \(productStem)")
    for member in request.members where member.exptype != .background {
      log.info("Working on input \(member.name) ...")
    }
    let hooks = request.configuration.hooks
    try call(hooks, .pre, of: pipeline.name, record: record, log: log)
    for item in pipeline.order { try run(item, on: &work, shelf: shelf, hashes: hashes, record: &record) }
    record.take(work.landed)
    log.info("Finished processing product \(productStem)")
    log.info("... ending \(pipeline.title)")
    record.memory.begin()
    try record.identify(hashes)
    let isTable = work.tables.contains { $0.kind == pipeline.productKind }
    if let type = pipeline.referenceType, !isTable, let previous = request.previousMaster {
      record.comparedWith =
        MasterCheck(type: type, previous: previous, notes: record.notes, log: log).run(&work)
    }
    let writer = ProductWriter(request: request, services: services, record: record)
    let product = try writer.writeMainTable(of: work) ?? writer.write(work)
    let tables = try writer.writeTables(of: work)
    record.products.insert(contentsOf: [product] + tables, at: 0)
    for written in [product] + tables { log.info("Saved model in \(written.fileName)") }
    let path = AbsolutePath.of(request.outputDirectory + "/" + request.productFileName)
    try call(hooks, .post, of: pipeline.name, path: path, product: path, record: record, log: log)
    log.info("Step \(request.configuration.logName) done")
  }

  private func announce(_ log: Logger) {
    log.info("\(request.configuration.logName) instance created.")
    for item in pipeline.order {
      services.logger("\(label).\(item.name)").info("\(item.className) instance created.")
    }
    let arguments = request.arguments.isEmpty ? request.members.map(\.name) : request.arguments
    let text = arguments.map { "'\($0)'" }.joined(separator: ", ")
    log.info("Step \(request.configuration.logName) running with args (\(text),).")
    for note in request.notes { log.info("\(note)") }
    for warning in request.warnings { log.warning("\(warning)") }
  }

  /// What the log calls the product: the association's name, else the file name without version and kind.
  private var productStem: String {
    if let name = request.association { return name }
    let stem = ProductName.safeStem(of: ProductName.versioned(request.productFileName, 1))
    return stem.lastIndex(of: "_").map { String(stem[..<$0]) } ?? stem
  }
}
