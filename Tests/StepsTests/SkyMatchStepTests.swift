import Astrometry
import FITSStructure
import Foundation
import ImagerSteps
import PipelineEngine
import Pixels
import Testing

/// Levels of detectors that answer differently to one sky.
@Suite struct SkyMatchStepTests {
  /// A frame of a sky of `level` on top of what the first detector sees of it, all times `response`.
  private static func frame(_ name: String, level: Double, response: Double, east: Double) throws -> Frame {
    let size = 128
    let plane = TangentPlane(at: TangentPlane(at: SkyPosition(ra: 30, dec: 60)).sky(east: east, north: 0))
    let middle = PixelPosition(x: Double(size + 1) / 2, y: Double(size + 1) / 2)
    let wcs = plane.cards(reference: middle, scale: 0.004, positionAngle: 0)
    let zeroPoint = Card("ZPAB", 25 + 2.5 * log10(response))
    return StepBench.frame(
      name, Measured(width: size, height: size, repeating: Float(response * level), error: 1),
      [Card("DETECTOR", response == 1 ? "IMG1" : "IMG2")], science: wcs + [zeroPoint])
  }

  /// Detectors with a gap between them are groups by nature; two fields of one detector are none.
  @Test(arguments: [true, false]) func groups(areDetectors: Bool) throws {
    let frames = try [(0.0, 1.0), (0.1, 1), (5, 0.5), (5.1, 0.5)].enumerated().map { i, made in
      try Self.frame("f\(i)", level: 100 + Double(i), response: areDetectors ? made.1 : 1, east: made.0)
    }
    let run = try StepBench.run(SkyMatchStep.self, frames)
    #expect(run.outcome == .complete)
    #expect(run.notes.degraded.contains { $0.contains("groups that do not overlap") } == !areDetectors)
    #expect(run.notes.notes.contains { $0.contains("the detectors do not overlap") } == areDetectors)
  }

  /// What was subtracted before is not forgotten.
  @Test func levelsAreAdded() throws {
    let frames = try [50.0, 52].enumerated().map { i, level in
      var frame = try Self.frame("f\(i)", level: level - 50, response: 1, east: 0.1 * Double(i))
      frame.header.set("BKGLEVEL", .real(50))
      return frame
    }
    let run = try StepBench.run(SkyMatchStep.self, frames)
    let levels = run.work.frames.map { $0.header.double("BKGLEVEL") ?? .nan }
    for (value, wanted) in zip(levels, [49.0, 51]) { #expect(abs(value - wanted) < 1e-3, "\(levels)") }
  }

  /// Seen by one response the frames are at 100, 100 and 130: the third one alone is 20 above the mean.
  @Test func levelsAreOfTheDetectors() throws {
    let frames = [
      try Self.frame("a", level: 100, response: 1, east: 0),
      try Self.frame("b", level: 100, response: 0.5, east: 0.1),
      try Self.frame("c", level: 130, response: 0.5, east: 0.2),
    ]
    let run = try StepBench.run(SkyMatchStep.self, frames)
    #expect(run.outcome == .complete)
    let left = try run.work.frames.map { Double(try $0.pixels().value[64, 64]) }
    for (value, wanted) in zip(left, [110.0, 55, 55]) { #expect(abs(value - wanted) < 1e-3, "\(left)") }
    let levels = run.work.frames.map { $0.header.double("BKGLEVEL") ?? .nan }
    for (value, wanted) in zip(levels, [-10.0, -5, 10]) { #expect(abs(value - wanted) < 1e-3, "\(levels)") }
  }
}
