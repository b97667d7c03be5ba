import FITSIO
import FITSStructure
import JobContract
import Logging
import Metadata
import PipelineEngine
import Pixels

/// Steps on frames in memory, without references.
enum StepBench {
  struct Run {
    let work: Workpiece
    let outcome: StepOutcome
    let notes: RunNotes
  }

  static func frame(
    _ name: String, _ pixels: Measured, _ cards: [Card] = [], science: [Card] = [], unit: String = "adu/s"
  ) -> Frame {
    Frame(
      member: Member(name: name, path: "/none/\(name)", exptype: .science), header: Header(cards),
      scienceHeader: Header(science), metadata: FrameMetadata(primary: cards, extensions: [science]),
      unit: unit,
      window: PixelWindow(x0: 0, y0: 0, width: pixels.width, height: pixels.height), darkShare: 0,
      pixels: pixels)
  }

  static func run(
    _ step: any Step.Type, _ frames: [Frame], _ settings: [(String, String)] = []
  ) throws -> Run {
    var configuration = try RunConfiguration(Pipeline(running: step))
    for (name, text) in settings {
      try configuration.set("\(step.declaration.name).\(name)", text, from: .commandLine)
    }
    let notes = RunNotes()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let parameters =
      configuration.steps[step.declaration.name]?.parameters ?? ParameterSet(defaultsOf: step.declaration)
    let context = StepContext(
      parameters: parameters, logger: logger, references: ReferenceShelf([], notes: notes, logger: logger),
      notes: notes)
    var work = Workpiece(frames: frames)
    let outcome = try step.init().run(&work, in: context)
    return Run(work: work, outcome: outcome, notes: notes)
  }
}
