import ChildProcess
import Glibc

extension RunConfiguration {
  /// Refuses what a job of the archive may not do: save the results of single steps, which the archive has no place
  /// for, and run hooks, or follow a cfg that names hooks, which somebody else could have changed.
  /// - Parameter user: the one the archive runs as.
  /// - Throws: `EngineError` `job-save-results`, `hook-refused`.
  package func checkForJob(user: uid_t) throws(EngineError) {
    for step in pipeline.steps.compactMap({ steps[$0.declaration.name] }) where saves(step) {
      throw EngineError(
        "job-save-results",
        "results of single steps (\(step.declaration.name).save_results) are saved by hand only: the archive keeps "
          + "products", subject: step.saving.place ?? step.declaration.name,
        hint: "tmtrun \(pipeline.name) … --set \(step.declaration.name).save_results=True")
    }
    let programs = hooks.all + steps.values.flatMap(\.hooks.all)
    guard !programs.isEmpty else { return }
    for file in cfgFiles { try trust(file, "cfg that names hooks", user: user, mustBeExecutable: false) }
    for program in programs.sorted() { try trust(program, "hook", user: user, mustBeExecutable: true) }
  }

  private func trust(_ path: String, _ what: String, user: uid_t, mustBeExecutable: Bool) throws(EngineError)
  {
    guard let fault = TrustedPath.fault(of: path, user: user, mustBeExecutable: mustBeExecutable) else {
      return
    }
    throw EngineError(
      "hook-refused", "the archive does not follow this \(what): \(fault)", subject: path,
      hint: "root or the archive's user must own it and every folder above, and nobody else may write there")
  }
}
