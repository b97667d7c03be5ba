import PipelineEngine

/// Steps that do nothing, to test what is around them.
struct FirstStep: Step {
  static let declaration = StepDeclaration(
    name: "first", className: "FirstStep", summary: "The first", aliases: ["documents.first.FirstStep"],
    statusKeyword: "S_FIRST",
    parameters: [
      Parameter("scale", .number(0...10), default: .number(1), help: "a factor"),
      Parameter("method", .choice(["mean", "median"]), default: .string("mean"), help: "a method"),
      Parameter("rounds", .integer(1...9), default: .none, help: "rounds"),
      Parameter("labels", .list, default: .list([]), help: "labels"),
    ], referenceTypes: ["dark"])

  func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome { .complete }
}

struct SecondStep: Step {
  static let declaration = StepDeclaration(
    name: "second", className: "SecondStep", summary: "The second", statusKeyword: "S_SECOND",
    referenceTypes: ["flat"])

  func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome { .complete }
}

let sample = Pipeline(
  name: "sample", summary: "Two steps", aliases: ["documents.pipeline.SamplePipeline"], intake: .exposure,
  steps: [FirstStep.self, SecondStep.self],
  unavailable: [UnavailableStep(name: "later", className: "LaterStep", statusKeyword: "S_LATER")],
  productKind: "cal", level: 2, dataModel: "IRISImageModel", title: "sample",
  defaults: ["first.scale": "2"])

let sampleRegistry = PipelineRegistry(pipelines: [sample], software: "0")
