import DataModels
import FITSIO
import FITSStructure
import Foundation
import ImagerSteps
import JobContract
import Logging
import Metadata
import PipelineEngine
import Pixels
import Testing

@Suite struct DeconvolveStepTests {
  private static let side = 96
  private static let flux = 50_000.0

  private static func gauss(_ dx: Double, _ dy: Double, sigma: Double) -> Double {
    exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)) / (2 * .pi * sigma * sigma)
  }

  private static func width(_ x: Double) -> Double { 1.6 + 0.8 * x / Double(side) }

  /// Two stars, the right one wider, with the noise of photons and 25 more; a dead pixel in the left one's core, a
  /// border without data.
  private func frame() -> Frame {
    let side = Self.side
    var pixels = Measured(width: side, height: side, repeating: 0, error: 5)
    var state: UInt64 = 7
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
    for y in 0..<side {
      for x in 0..<side {
        var light = 0.0
        for star in [24.0, 72] {
          light += Self.flux * Self.gauss(Double(x) - star, Double(y) - 48, sigma: Self.width(star))
        }
        let sigma = (25 + light).squareRoot()
        // The sum of twelve uniform deviates is near enough to a Gaussian one.
        let noise = (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
        pixels.value[x, y] = Float(light + sigma * noise)
        pixels.error[x, y] = Float(sigma)
        if x >= side - 5 {
          pixels.value[x, y] = .nan
          pixels.quality[x, y] = DQ.doNotUse | DQ.nonScience
        }
      }
    }
    (pixels.value[24, 49], pixels.quality[24, 49]) = (1e6, DQ.dead | DQ.doNotUse)
    return Frame(
      member: Member(name: "mosaic.fits", path: "mosaic.fits", exptype: .science), header: Header(),
      scienceHeader: Header(), metadata: FrameMetadata(primary: []), unit: "adu/s",
      window: PixelWindow(x0: 0, y0: 0, width: side, height: side), pixels: pixels)
  }

  private static func psf(_ sigma: Double, shift: Double = 0) -> [Float] {
    var pixels: [Float] = []
    for y in -10...10 {
      for x in -10...10 { pixels.append(Float(gauss(Double(x) - shift, Double(y), sigma: sigma))) }
    }
    return pixels
  }

  /// Writes PSFs as an image, or as a cube with its table.
  private func write(_ planes: [[Float]], at places: [(x: Double, y: Double)]) throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/psf-\(UUID().uuidString).fits"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header())
    let axes = planes.count == 1 ? [21, 21] : [21, 21, planes.count]
    try planes.flatMap { $0 }.withUnsafeBufferPointer {
      try writer.appendImage(Header(), name: "PSF", axes: axes, pixels: $0)
    }
    if !places.isEmpty {
      try writer.appendTable(
        Header(), name: "PSFPOS",
        columns: [
          TableColumn("X", .doubles(places.map(\.x))), TableColumn("Y", .doubles(places.map(\.y))),
        ])
    }
    _ = try writer.commit()
    return path
  }

  private func run(
    _ frames: [Frame], _ settings: [String: String]
  ) throws -> (work: Workpiece, outcome: StepOutcome, notes: RunNotes) {
    let logger = Logger(label: "deconvolve") { _ in SwiftLogNoOpLogHandler() }
    let notes = RunNotes()
    var configuration = try RunConfiguration(Pipeline(running: DeconvolveStep.self))
    for (name, value) in settings { try configuration.set("deconvolve.\(name)", value, from: .commandLine) }
    let parameters = try #require(configuration.steps["deconvolve"]?.parameters)
    let context = StepContext(
      parameters: parameters, logger: logger, references: ReferenceShelf([], notes: notes, logger: logger),
      notes: notes)
    var work = Workpiece(frames: frames)
    let outcome = try DeconvolveStep().run(&work, in: context)
    return (work, outcome, notes)
  }

  private func flux(_ pixels: Measured, x: Int) -> Double {
    var sum = 0.0
    for dy in -5...5 { for dx in -5...5 { sum += Double(pixels.value[x + dx, 48 + dy]) } }
    return sum
  }

  /// Stars become sharp and keep their light; flags tell what became of errors and of pixels that did not
  /// count.
  @Test func starsBecomeSharp() throws {
    // Each star's PSF, at the middles of the four tiles.
    let path = try write(
      [24.0, 72, 24, 72].map { Self.psf(Self.width($0)) },
      at: [(19.5, 19.5), (77.5, 19.5), (19.5, 77.5), (77.5, 77.5)].map { (x: $0, y: $1) })
    defer { try? FileManager.default.removeItem(atPath: path) }
    let before = try frame().pixels()
    let (work, outcome, notes) = try run([frame()], ["psf": path, "tile": "44"])
    #expect(outcome == .complete && notes.degraded.isEmpty)
    let after = try work.frames[0].pixels()
    for star in [24, 72] {
      #expect(abs(flux(after, x: star) / Self.flux - 1) < 0.02)
      #expect(after.value[star, 48] > 5 * before.value[star, 48])
    }
    #expect(after.quality[24, 49] == DQ.dead | DQ.doNotUse | DQ.fluxEstimated | DQ.unreliableError)
    #expect(after.value[24, 49] < 50_000)
    #expect(after.value[Self.side - 1, 10].isNaN)
    #expect(after.quality[Self.side - 1, 10] == DQ.doNotUse | DQ.nonScience | DQ.unreliableError)
    #expect(after.quality[5, 5] == DQ.unreliableError)
    let growth = try #require(work.quality["noise_growth"])
    #expect(growth > 0 && abs(after.error[5, 5] / Float(5 * growth) - 1) < 1e-5)
    #expect(try #require(work.quality["deconvolution_chi2"]) < 2)
  }

  @Test func errorsCanBeKept() throws {
    let path = try write([Self.psf(2)], at: [])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let work = try run([frame()], ["psf": path, "errors": "kept", "iterations": "3"]).work
    let after = try work.frames[0].pixels()
    #expect(after.error[5, 5] == 5 && after.quality[5, 5] == DQ.unreliableError)
    #expect(work.quality["noise_growth"] == nil && work.quality["deconvolution_iterations"] == 3)
  }

  /// A PSF whose light is off its centre moves stars: that is said.
  @Test func aPSFOffItsCentreDegrades() throws {
    let path = try write([Self.psf(2, shift: 0.5)], at: [])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let notes = try run([frame()], ["psf": path, "iterations": "3"]).notes
    #expect(notes.degraded.contains { $0.contains("0.5 pixels off") })
  }

  @Test func whatCannotBeDoneIsSaid() throws {
    func code(_ settings: [String: String]) -> String? {
      do {
        _ = try run([frame()], settings)
        return nil
      } catch let error as EngineError {
        return error.code
      } catch let error as ModelError {
        return error.code
      } catch {
        return "\(error)"
      }
    }
    #expect(code([:]) == "missing-parameter")
    let dark = try write([[Float](repeating: 0, count: 21 * 21)], at: [])
    let cube = try write([Self.psf(2), Self.psf(3)], at: [])
    let twice = try write([Self.psf(2), Self.psf(3)], at: [(x: 1, y: 1), (x: 1, y: 1)])
    defer { for path in [dark, cube, twice] { try? FileManager.default.removeItem(atPath: path) } }
    #expect(code(["psf": dark]) == "psf-value")
    #expect(code(["psf": cube]) == "psf-places")
    #expect(code(["psf": twice]) == "psf-places")
    let path = try write([Self.psf(2)], at: [])
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard case .skipped = try run([frame(), frame()], ["psf": path]).outcome else {
      Issue.record("two frames were not left alone")
      return
    }
  }
}
