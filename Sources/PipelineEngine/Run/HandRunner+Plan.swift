import Foundation
import JobContract
import Logging

extension HandRunner {
  /// Decides every product of the inputs and runs nothing: no folder is made, no pixel is read.
  /// - Returns: one request for each product, or why it cannot be decided.
  /// - Throws: what is wrong before anything could run: missing inputs, bad associations, broken rules.
  public func plan() throws -> [Result<RunRequest, any Error>] {
    let list = try InputList(arguments: inputs, intake: configuration.pipeline.intake)
    let finder = try makeFinder()
    return list.groups.map { group in Result { try request(for: group, finder: finder) } }
  }

  /// The reference rules. Broken rules stop a run that needs them for a reference; where they could only give
  /// parameters (`pars-*`), the run goes on without.
  func makeFinder() throws -> ReferenceFinder? {
    if wantsLookup { return try cache.map { try ReferenceFinder($0) } }
    do {
      return try cache.map { try ReferenceFinder($0) }
    } catch {
      services.logger("stpipe").debug("no parameter references: \(error)")
      return nil
    }
  }

  /// Parameters of the steps that the rules choose for the frame. What the rules do not know needs no word.
  func parameterReferences(for first: Member, finder: ReferenceFinder?) throws -> [ResolvedReference] {
    let log = services.logger("stpipe.\(configuration.logName)")
    guard let finder else { return [] }
    let wanted = configuration.pipeline.parameterReferenceTypes.filter(finder.types.contains)
    guard !wanted.isEmpty else {
      log.debug("No parameter references (pars-*) in \(finder.context)")
      return []
    }
    return try finder.references(wanted, for: first.path).filter { found in
      if let path = found.path { log.info("\(found.type.uppercased()) parameters found: \(path)") }
      if found.path == nil {
        // Chosen and not there: other parameters than the rules want are used, and that is said.
        let level: Logger.Level = found.rule != nil && found.origin == .none ? .warning : .debug
        log.log(level: level, "No \(found.type.uppercased()) parameters: \(found.reason ?? "")")
      }
      return found.path != nil
    }
  }
}
