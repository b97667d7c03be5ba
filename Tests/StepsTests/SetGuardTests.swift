import FITSStructure
import ImagerSteps
import PipelineEngine
import Pixels
import SharedSteps
import Testing

/// Steps judge a set before they touch a frame of it.
@Suite struct SetGuardTests {
  private static let flat: Measured = {
    var pixels = Measured(width: 64, height: 64, repeating: 10, error: 1)
    for y in 0..<64 { for x in 0..<64 { pixels.value[x, y] += 0.2 * Float((7 * x + 13 * y) % 11 - 5) } }
    return pixels
  }()

  /// A distortion or a zero point of two detectors, filters or pupils would be of none; so would one of
  /// frames of which some do not say theirs.
  @Test(arguments: ["DETECTOR", "FILTER", "PUPIL"]) func referencesAreOfOneConfiguration(_ keyword: String)
    throws
  {
    let values = ["DETECTOR": "IMG1", "FILTER": "H", "PUPIL": "CLEAR"]
    let all = values.map { Card($0.key, $0.value) }
    let others = all.map { $0.keyword == keyword ? Card(keyword, keyword == "DETECTOR" ? "IMG2" : "J") : $0 }
    let silent = all.filter { $0.keyword != keyword }
    for (first, second) in [(all, others), (silent, all), (all, silent)] {
      let frames = [
        StepBench.frame("a.fits", Self.flat, first), StepBench.frame("b.fits", Self.flat, second),
      ]
      for step in [DistortionSolveStep.self, ZeroPointStep.self] as [any Step.Type] {
        let settings = step == ZeroPointStep.self ? [("magnitude", "12")] : []
        #expect("\(step)") { try StepBench.run(step, frames, settings) } throws: {
          let error = $0 as? EngineError
          return error?.code == "mixed-frames" && error?.subject == "b.fits"
            && error?.message.hasPrefix(keyword) == true
        }
      }
    }
  }

  /// Where one frame has no pixel that tells a sky none is touched, and the report does not say otherwise.
  @Test func selfSkyIsAllOrNone() throws {
    var blind = Self.flat
    blind.raise(DQ.doNotUse)
    let frames = [StepBench.frame("a.fits", Self.flat), StepBench.frame("b.fits", blind)]
    let run = try StepBench.run(BackgroundSubtractStep.self, frames, [("self_sky", "True")])
    guard case .skipped = run.outcome else {
      Issue.record("the step was not skipped")
      return
    }
    #expect(try run.work.frames[0].pixels() == Self.flat)
    #expect(run.work.frames[0].header["SKYMODE"] == nil)
    #expect(!run.notes.degraded.contains { $0.contains("self-sky") })
    let good = try StepBench.run(BackgroundSubtractStep.self, [frames[0]], [("self_sky", "True")])
    #expect(good.outcome == .complete)
    #expect(abs((good.work.frames[0].header.double("SKYLEVEL") ?? 0) - 10) < 0.3)
  }
}
