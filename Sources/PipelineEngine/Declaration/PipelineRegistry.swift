import CfgFormat
import FITSIO
import JobContract

/// Every pipeline and step a program knows, and how names find them.
public struct PipelineRegistry: Sendable {
  /// What a name means.
  public enum Target: Sendable {
    case pipeline(Pipeline)
    case step(any Step.Type)
  }

  public let pipelines: [Pipeline]
  public let steps: [any Step.Type]
  /// Version of the software (`DRSVER`).
  public let software: String

  /// - Parameter extraSteps: steps that no pipeline uses.
  public init(pipelines: [Pipeline], extraSteps: [any Step.Type] = [], software: String) {
    self.pipelines = pipelines
    self.software = software
    var all: [any Step.Type] = []
    for step in pipelines.flatMap({ $0.steps }) + extraSteps
    where !all.contains(where: { $0.declaration.name == step.declaration.name }) {
      all.append(step)
    }
    self.steps = all
  }

  /// Finds a pipeline or step by name, alias, class path (`iris_pipeline.pipeline.Image2Pipeline`) or class name.
  /// - Throws: `EngineError` `unknown-pipeline` with near matches.
  public func target(named name: String) throws(EngineError) -> Target {
    let last = name.split(separator: ".").last.map(String.init) ?? name
    if let found = pipelines.first(where: { $0.answers(to: name, or: last) }) { return .pipeline(found) }
    if let found = steps.first(where: { $0.declaration.answers(to: name, or: last) }) { return .step(found) }
    throw EngineError(
      "unknown-pipeline", "no pipeline or step of that name", subject: name,
      hint: nearMatchHint(of: last, in: allNames) ?? "tmtrun list")
  }

  /// The manifest that `tmtrun manifest` prints.
  public var manifest: PipelineManifest {
    PipelineManifest(
      software: software,
      libraries: LinkedSoftware.versions.merging(["cfitsio_reentrant": String(cfitsioIsReentrant())]) {
        a, _ in a
      },
      pipelines: pipelines.map(\.described), steps: steps.map { $0.declaration.described })
  }

  private var allNames: [String] {
    pipelines.flatMap { [$0.name] + $0.aliases.map(lastComponent) }
      + steps.flatMap { [$0.declaration.name] + $0.declaration.aliases.map(lastComponent) }
  }
}

package func lastComponent(_ name: String) -> String {
  name.split(separator: ".").last.map(String.init) ?? name
}

extension Pipeline {
  fileprivate func answers(to name: String, or last: String) -> Bool {
    self.name == name || aliases.contains(name) || aliases.contains { lastComponent($0) == last }
  }
}

extension StepDeclaration {
  fileprivate func answers(to name: String, or last: String) -> Bool {
    self.name == name || aliases.contains(name) || className == last
      || aliases.contains { lastComponent($0) == last }
  }
}
