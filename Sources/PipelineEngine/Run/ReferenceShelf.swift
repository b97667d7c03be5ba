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

  /// - Parameter tell: is told what is noted about the file.
  package func frame(
    _ type: String, window: PixelWindow, unit: String, tell: (String) -> Void = { _ in }
  ) throws -> ReferenceFrame? {
    guard let path = resolved(type).path else { return nil }
    return try ReferenceFrame(type: type, path: path, window: window, unit: unit) {
      notes.note($0)
      tell($0)
    }
  }

  /// Logs what was chosen, in stpipe's words: one line of types for each step that asks for some, then each file,
  /// and how it was found. Skipped steps ask for nothing.
  func prefetch(for request: RunRequest, log: Logger) {
    let steps = request.configuration.pipeline.steps.map { $0.declaration }
      .filter { request.configuration.steps[$0.name]?.skip != true }
    var explained: Set<String> = []
    for member in request.members where member.exptype == .science || member.exptype == .background {
      var said: Set<String> = []
      for step in steps {
        let types = step.referenceTypes.filter { said.insert($0).inserted }
        let looked = types.filter { resolved($0).origin != .override }
        if !looked.isEmpty {
          let list = looked.map { "'\($0)'" }.joined(separator: ", ")
          log.info("Prefetching reference files for dataset: '\(member.name)' reftypes = [\(list)]")
        }
        for type in types {
          say(resolved(type), log: log)
          if explained.insert(type).inserted { explain(resolved(type), log: log) }
        }
      }
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

  /// Which rule of which context chose a file, and how far in time it is from the frame.
  private func explain(_ reference: ResolvedReference, log: Logger) {
    guard reference.origin == .context, let rule = reference.rule else { return }
    var words = "\(reference.type.uppercased()) was chosen by \(rule)"
    if let useAfter = reference.useAfter { words += ", USEAFTER \(useAfter)" }
    if let context = reference.context { words += ", of \(context)" }
    if let distance = reference.distanceSeconds { words += "; \(Self.span(distance)) from the frame" }
    if let level = reference.level { words += ", quality level \(level)" }
    log.info("\(words).")
  }

  private static func span(_ seconds: Double) -> String {
    func text(_ value: Double) -> String { String((value * 10).rounded() / 10) }
    return seconds < 86_400 ? "\(text(seconds / 3600)) h" : "\(text(seconds / 86_400)) d"
  }
}
