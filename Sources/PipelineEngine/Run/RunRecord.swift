import JobContract

/// What a run did so far, in the words of its report.
struct RunRecord {
  let request: RunRequest
  let notes: RunNotes
  private(set) var steps: [StepRun] = []
  private(set) var inputs: [FileIdentity]
  private(set) var references: [ReferenceUse] = []
  private var byType: [String: ResolvedReference]
  var products: [ProductReport] = []
  /// What a new master was compared with.
  var comparedWith: FileIdentity?
  var memory = MemoryMeter()

  init(request: RunRequest) {
    self.request = request
    notes = RunNotes(degraded: request.degraded)
    (request.notes + request.warnings).forEach(notes.note)
    inputs = request.members.map {
      FileIdentity(role: $0.exptype.rawValue, name: $0.name, path: $0.path, sha256: $0.sha256 ?? "")
    }
    byType = Dictionary(request.references.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func add(
    _ name: String, _ status: StepRun.Status, reason: String?, seconds: Double, parameters: ParameterSet?
  ) {
    steps.append(
      StepRun(
        index: steps.count, name: name, status: status, reason: reason, seconds: seconds,
        peakMemoryBytes: memory.end(), parameters: parameters?.reported ?? [:]))
  }

  mutating func add(
    _ type: any Step.Type, _ outcome: StepOutcome, seconds: Double, parameters: ParameterSet
  ) {
    let declaration = type.declaration
    switch outcome {
    case .complete:
      add(declaration.name, .complete, reason: nil, seconds: seconds, parameters: parameters)
    case .skipped(let reason):
      add(declaration.name, .skipped, reason: reason, seconds: seconds, parameters: parameters)
    }
    for type in declaration.referenceTypes {
      let found = byType[type] ?? ResolvedReference(type: type, origin: .none, reason: "not looked up")
      for reference in notes.standIns(type) ?? [found] {
        let use = outcome == .complete ? reference : Self.unused(reference, outcome)
        references.append(ReferenceUse(step: declaration.name, reference: use))
      }
    }
    // Parameters decided about the step even when it was then skipped.
    if let parameters = byType[ParameterReference.type(ofStep: declaration.name)], parameters.path != nil {
      references.append(ReferenceUse(step: declaration.name, reference: parameters))
    }
  }

  /// A reference that its step did not use names no file.
  private static func unused(_ reference: ResolvedReference, _ outcome: StepOutcome) -> ResolvedReference {
    guard case .skipped(let reason) = outcome, let path = reference.path else { return reference }
    return ResolvedReference(
      type: reference.type, origin: .notApplicable, context: reference.context,
      reason: "\(fileName(of: path)) was not used: \(reason)")
  }

  /// Adds files that were taken in while the run was under way.
  mutating func take(_ landed: [Member]) {
    for member in landed where !inputs.contains(where: { $0.path == member.path }) {
      inputs.append(
        FileIdentity(
          role: member.exptype.rawValue, name: member.name, path: member.path, sha256: member.sha256 ?? ""))
    }
  }

  /// Fills in the sha256 of inputs and references; a small reference must be the one that the archive chose.
  /// - Throws: `EngineError` `reference-changed`, `input-missing`, `wrong-checksum`.
  mutating func identify(_ hashes: InputHashes) throws(EngineError) {
    for i in inputs.indices where inputs[i].sha256.isEmpty {
      inputs[i].sha256 = try hashes.hash(of: inputs[i].path)
    }
    for i in references.indices {
      let reference = references[i].reference
      guard let path = reference.path else { continue }
      guard let chosen = reference.sha256 else {
        references[i].reference.sha256 = try hashes.hash(of: path)
        continue
      }
      guard try hashes.hashIfTaken(of: path) ?? chosen == chosen else {
        throw EngineError(
          "reference-changed",
          "the \(reference.type) is not the file that the archive chose: its sha256 differs",
          subject: path, hint: "irisarchive verify")
      }
    }
  }

  func report(
    software: [String: String], failure: ReportedError?, started: String, ended: String, seconds: Double
  ) -> RunReport {
    RunReport(
      job: request.job, attempt: request.attempt, token: request.token,
      pipeline: request.configuration.pipeline.name, status: failure == nil ? .succeeded : .failed,
      exitCode: failure.map { ExitCode(code: $0.code).rawValue } ?? 0, error: failure, started: started,
      ended: ended, seconds: seconds, peakMemoryBytes: memory.overall,
      memoryPeaksOf: memory.measures, software: software,
      inputs: inputs, references: references, steps: steps, products: products, degraded: notes.degraded,
      notes: notes.notes)
  }
}
