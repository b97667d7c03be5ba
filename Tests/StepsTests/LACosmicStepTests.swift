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

@Suite struct LACosmicStepTests {
  private static let side = 128
  private static let gain = 2.0
  private static let seconds = 100.0
  private static let readNoise = 8.0

  /// A CDS frame in adu/s with a sky of 4 adu/s; a ray of 40 sigmas on every 16th pixel of a diagonal.
  private func frame(_ cards: [Card] = []) -> (frame: Frame, rays: Set<Int>) {
    let cards =
      [
        Card("GAIN", Self.gain), Card("READNOIS", Self.readNoise), Card("EXPTIME", Self.seconds),
        Card("READMODE", "CDS"),
      ] + cards
    let electrons = 4 * Self.gain * Self.seconds
    let sigma = (electrons + 2 * Self.readNoise * Self.readNoise).squareRoot() / Self.gain / Self.seconds
    var pixels = Measured(width: Self.side, height: Self.side, repeating: 0, error: Float(sigma))
    var state: UInt64 = 7
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
    for y in 0..<Self.side {
      for x in 0..<Self.side {
        // The sum of twelve uniform deviates is near enough to a Gaussian one.
        let noise = (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
        pixels.value[x, y] = Float(4 + sigma * noise)
      }
    }
    var rays: Set<Int> = []
    for k in stride(from: 16, to: Self.side - 8, by: 16) {
      pixels.value[k, k] += Float(40 * sigma)
      rays.insert(k * Self.side + k)
    }
    (pixels.value[60, 20], pixels.quality[61, 20]) = (.nan, DQ.hot | DQ.doNotUse)
    let frame = Frame(
      member: Member(name: "sci.fits", path: "sci.fits", exptype: .science), header: Header(cards),
      scienceHeader: Header(), metadata: FrameMetadata(primary: cards), unit: "adu/s",
      window: PixelWindow(x0: 0, y0: 0, width: Self.side, height: Self.side), pixels: pixels)
    return (frame, rays)
  }

  private func run(
    _ frame: Frame, _ settings: [String: String] = [:]
  ) throws -> (work: Workpiece, outcome: StepOutcome) { try run([frame], settings) }

  private func run(
    _ frames: [Frame], _ settings: [String: String] = [:]
  ) throws -> (work: Workpiece, outcome: StepOutcome) {
    let logger = Logger(label: "lacosmic") { _ in SwiftLogNoOpLogHandler() }
    let notes = RunNotes()
    var configuration = try RunConfiguration(Pipeline(running: LACosmicStep.self))
    for (name, value) in settings { try configuration.set("lacosmic.\(name)", value, from: .commandLine) }
    let parameters = try #require(configuration.steps["lacosmic"]?.parameters)
    let context = StepContext(
      parameters: parameters, logger: logger, references: ReferenceShelf([], notes: notes, logger: logger),
      notes: notes)
    var work = Workpiece(frames: frames)
    let outcome = try LACosmicStep().run(&work, in: context)
    return (work, outcome)
  }

  /// By either noise the rays are flagged, nothing else is, and no value changes.
  @Test(arguments: ["error", "model"])
  func raysAreFlaggedAndValuesStay(noise: String) throws {
    let (before, rays) = frame()
    let (work, outcome) = try run(before, ["noise": noise])
    #expect(outcome == .complete)
    let (old, new) = (try before.pixels(), try work.frames[0].pixels())
    #expect(new.value == old.value && new.error == old.error)
    let flagged = Set(
      new.quality.elements.indices.filter { new.quality.elements[$0] & DQ.outlier != 0 })
    // A neighbour that noise raised may join a ray.
    let elsewhere = flagged.filter { i in
      !rays.contains { abs($0 % Self.side - i % Self.side) <= 2 && abs($0 / Self.side - i / Self.side) <= 2 }
    }
    #expect(flagged.isSuperset(of: rays) && elsewhere.count <= 2)
    for i in flagged { #expect(new.quality.elements[i] & DQ.doNotUse != 0) }
    #expect(new.quality[61, 20] == DQ.hot | DQ.doNotUse)
    let fraction = try #require(work.quality["cosmic_ray_fraction"])
    #expect(abs(fraction - Double(flagged.count) / Double(Self.side * Self.side)) < 1e-12)
  }

  /// Of a sky that was subtracted the photon noise is still there: the header's level counts.
  @Test func subtractedSkiesCount() throws {
    func flagged(_ cards: [Card]) throws -> (rays: Int, elsewhere: Int) {
      let (made, rays) = frame(cards)
      var before = made
      try before.apply(FrameOperation(.keepsErrors) { pixels, _ in pixels.value.subtract(4) })
      let flags = try run(before, ["noise": "model"]).work.frames[0].pixels().quality.elements
      let found = flags.indices.filter { flags[$0] & DQ.outlier != 0 }
      let near = found.filter { i in
        rays.contains { abs($0 % Self.side - i % Self.side) <= 2 && abs($0 / Self.side - i / Self.side) <= 2 }
      }
      return (rays.filter { flags[$0] & DQ.outlier != 0 }.count, found.count - near.count)
    }
    for cards in [[Card("SKYLEVEL", 5.0), Card("BKGLEVEL", -1.0)], [Card("BKGLEVEL", 4.0)]] {
      let told = try flagged(cards)
      #expect(told.rays == 7 && told.elsewhere <= 2, "\(told)")
    }
    // By read noise alone a sky of 800 electrons is full of rays.
    #expect(try flagged([]).elsewhere > 100)
  }

  /// A frame whose noise nobody knows stops the step before it touched another.
  @Test func skippedMeansUntouched() throws {
    let good = frame().frame
    var unknown = frame().frame
    var pixels = try unknown.takePixels()
    pixels.error = pixels.error.map { _ in 0 }
    unknown.setPixels(pixels)
    let (work, outcome) = try run([good, unknown])
    guard case .skipped = outcome else {
      Issue.record("the step was not skipped")
      return
    }
    #expect(try work.frames[0].pixels() == good.pixels())
  }

  /// Where the ramp was searched for jumps nothing is done, unless asked for.
  @Test func framesOfSearchedRampsAreLeftAlone() throws {
    let (searched, rays) = frame([Card("S_JUMP", "COMPLETE")])
    let (work, outcome) = try run(searched)
    guard case .skipped = outcome else {
      Issue.record("the step was not skipped")
      return
    }
    #expect(try work.frames[0].pixels() == searched.pixels())
    let again = try run(searched, ["always": "True"]).work.frames[0].pixels()
    #expect(again.quality.elements.filter { $0 & DQ.outlier != 0 }.count >= rays.count)
  }
}
