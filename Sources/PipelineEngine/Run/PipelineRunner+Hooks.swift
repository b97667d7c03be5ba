import Foundation
import Logging

extension PipelineRunner {
  /// Calls the hooks of a step, or of the whole pipeline, one after another.
  /// - Parameters:
  ///   - path: the file that holds the model after the step, when its results are saved.
  ///   - product: the product's path, once it is written.
  /// - Throws: `EngineError` `hook-failed` at the first that does not end with exit code 0.
  func call(
    _ hooks: RunHooks, _ moment: HookCall.Moment, of owner: String, parameters: ParameterSet? = nil,
    path: String? = nil, product: String? = nil, record: RunRecord, log: Logger
  ) throws(EngineError) {
    let programs = moment == .pre ? hooks.pre.value : hooks.post.value
    guard !programs.isEmpty else { return }
    let inputs = request.members.map { AbsolutePath.of($0.path) }
    let payload = HookCall.Payload(
      step: owner, when: moment, pipeline: pipeline.name, input: inputs.first, inputs: inputs, path: path,
      product: product, parameters: parameters?.reported.mapValues(\.value) ?? [:])
    for program in programs {
      try HookCall(
        program: program, payload: payload, timeoutSeconds: hooks.timeoutSeconds.value,
        directory: AbsolutePath.of(request.outputDirectory), running: services.hooks
      ).run(log: log)
      record.notes.note("\(moment.rawValue) hook \(fileName(of: program)) of \(owner) ran")
    }
  }
}
