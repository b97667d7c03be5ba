import JobContract
import Logging
import Pixels

/// The references of a run: which file for which type, read and cut when a step asks.
package struct ReferenceShelf: Sendable {
  private let byType: [String: ResolvedReference]
  private let notes: RunNotes

  package init(_ references: [ResolvedReference], notes: RunNotes, logger: Logger) {
    byType = Dictionary(references.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })
    self.notes = notes
  }

  package func resolved(_ type: String) -> ResolvedReference {
    byType[type] ?? ResolvedReference(type: type, origin: .none, reason: "no \(type) reference was looked up")
  }

  package func frame(_ type: String, window: PixelWindow, unit: String) throws -> ReferenceFrame? {
    guard let path = resolved(type).path else { return nil }
    return try ReferenceFrame(type: type, path: path, window: window, unit: unit) { notes.note($0) }
  }

  /// Logs what was chosen, in stpipe's words.
  func prefetch(for request: RunRequest, log: Logger) {
    let types = request.configuration.pipeline.referenceTypes
    let looked = types.filter { resolved($0).origin != .override }
    for member in request.members where member.exptype == .science || member.exptype == .background {
      let list = looked.map { "'\($0)'" }.joined(separator: ", ")
      log.info("Prefetching reference files for dataset: '\(member.name)' reftypes = [\(list)]")
      for type in types { say(resolved(type), log: log) }
    }
  }

  private func say(_ reference: ResolvedReference, log: Logger) {
    let type = reference.type.uppercased()
    switch (reference.origin, reference.path) {
    case (.override, let path?): log.info("Override for \(type) reference file is '\(path)'.")
    case (_, let path?): log.info("Prefetch for \(type) reference file is '\(path)'.")
    case (.notApplicable, nil): log.info("Prefetch for \(type) reference file is 'N/A'.")
    default: log.info("No \(type) reference file: \(reference.reason ?? "none matches").")
    }
  }
}
