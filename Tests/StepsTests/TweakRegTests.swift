import Astrometry
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

/// Frames with stars, off their coordinates by known amounts, through the step.
@Suite struct TweakRegTests {
  private static let size = 300
  private static let pixel = 0.004
  private let field = SkyPosition(ra: 120, dec: -35)

  /// A frame: where it really points (middle, arcsec East and North of the field), its real angle, and what
  /// its header says.
  private struct Pointing {
    var east = 0.0
    var north = 0.0
    var angle = 0.0
    var errorEast = 0.0
    var errorNorth = 0.0
    var errorAngle = 0.0
  }

  private struct Dice {
    var state: UInt64
    mutating func uniform() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return (Double((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53
    }
    mutating func gaussian() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
  }

  private func wcs(_ east: Double, _ north: Double, _ angle: Double) throws -> SkyWCS {
    let middle = Double(Self.size + 1) / 2
    let centre = TangentPlane(at: field).sky(east: east, north: north)
    return try SkyWCS(
      cards: TangentPlane(at: centre).cards(
        reference: PixelPosition(x: middle, y: middle), scale: Self.pixel, positionAngle: angle))
  }

  /// Stars about the field: 12 arcsec wide, of S/N 50 and more.
  private func stars(_ count: Int) -> [(sky: SkyPosition, flux: Double)] {
    var dice = Dice(state: 11)
    return (0..<count).map { _ in
      let (east, north) = (2.4 * (dice.uniform() - 0.5), 2.4 * (dice.uniform() - 0.5))
      // The noise of a star of sigma 1.5 in its best window is 2 sigma sqrt(pi) = 5.3 times that of a pixel.
      return (TangentPlane(at: field).sky(east: east, north: north), 5.3 * 60 * pow(20, dice.uniform()))
    }
  }

  private func frame(
    _ name: String, _ p: Pointing, _ stars: [(sky: SkyPosition, flux: Double)], seed: UInt64,
    cards: [Card] = []
  ) throws -> Frame {
    var dice = Dice(state: seed)
    var values = (0..<Self.size * Self.size).map { _ in Float(100 + dice.gaussian()) }
    let places = try wcs(p.east, p.north, p.angle).arrayIndices(of: stars.map(\.sky))
    for (place, star) in zip(places, stars) {
      for v in Self.reach(place.y) {
        for u in Self.reach(place.x) {
          let (dx, dy) = (Double(u) - place.x, Double(v) - place.y)
          let light = star.flux / (2 * .pi * 2.25) * exp(-(dx * dx + dy * dy) / 4.5)
          values[v * Self.size + u] += Float(light)
        }
      }
    }
    let pixels = Measured(
      value: Plane(width: Self.size, height: Self.size, elements: values),
      error: Plane(width: Self.size, height: Self.size, repeating: 1),
      quality: Plane(width: Self.size, height: Self.size, repeating: 0))
    let said = try wcs(p.east + p.errorEast, p.north + p.errorNorth, p.angle + p.errorAngle)
    return Frame(
      member: Member(name: name, path: name, exptype: .science), header: Header(cards),
      scienceHeader: Header(said.cards),
      metadata: FrameMetadata(primary: cards), unit: "adu/s",
      window: PixelWindow(x0: 0, y0: 0, width: Self.size, height: Self.size), pixels: pixels)
  }

  /// Pixels about a place, those inside the frame.
  private static func reach(_ place: Double) -> Range<Int> {
    let low = min(max(0, Int(place) - 9), size)
    return low..<max(low, min(size, Int(place) + 11))
  }

  private func run(_ work: inout Workpiece, _ settings: [String: ParameterSetting]) throws -> (
    StepOutcome, RunNotes
  ) {
    var parameters = ParameterSet(defaultsOf: TweakRegStep.declaration)
    for (name, value) in settings { parameters.set(name, value, from: .commandLine) }
    let notes = RunNotes()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let context = StepContext(
      parameters: parameters, logger: logger, references: ReferenceShelf([], notes: notes, logger: logger),
      notes: notes)
    return (try TweakRegStep().run(&work, in: context), notes)
  }

  /// How far a frame's coordinates are off at the middle (pixels) and in angle (degrees), when all are moved
  /// by what the first one is off.
  private func error(_ frame: Frame, _ p: Pointing, firstEast: Double = 0, firstNorth: Double = 0) throws -> (
    Double, Double
  ) {
    let found = try SkyWCS(cards: frame.scienceHeader.cards)
    let middle = PixelPosition(x: Double(Self.size + 1) / 2, y: Double(Self.size + 1) / 2)
    let offset = TangentPlane(at: field).offset(of: found.sky(atFITSPixels: [middle])[0])
    return (
      hypot(offset.east - p.east - firstEast, offset.north - p.north - firstNorth) / Self.pixel,
      abs(found.geometry(atFITSPixel: middle).positionAngle - p.angle)
    )
  }

  private let dithers = [
    Pointing(), Pointing(east: 0.21, north: 0.1, errorEast: 0.05, errorNorth: -0.07, errorAngle: 0.2),
    Pointing(east: -0.18, north: 0.24, angle: 0.3, errorEast: -0.11, errorNorth: 0.02, errorAngle: -0.15),
    Pointing(east: 0.7, north: -0.3, errorEast: 0.08, errorNorth: 0.06, errorAngle: 0.1),
  ]

  @Test func ditheredFramesFallIntoPlace() throws {
    let stars = stars(240)
    var work = Workpiece(
      frames: try dithers.enumerated().map { try frame("f\($0)", $1, stars, seed: UInt64(50 + $0)) })
    let (outcome, notes) = try run(&work, [:])
    #expect(outcome == .complete && notes.degraded.isEmpty, "\(notes.degraded)")
    for (frame, p) in zip(work.frames, dithers) {
      let (off, turn) = try error(frame, p)
      // 40 stars of 0.02 pixel and better: 0.003 of a shift, 0.002 degrees of a turn over 300 pixels (0.0002
      // over 4096).
      #expect(off < 0.01, "\(frame.member.name) \(off)")
      #expect(turn < 0.004, "\(frame.member.name) \(turn)")
      #expect(frame.header.string("TWK_WAY") == "sources" && (frame.header.integer("TWK_N") ?? 0) >= 20)
    }
    #expect(abs((work.frames[1].header.double("TWK_DE") ?? 0) + 0.05) < 1e-3)
    #expect(work.quality["tweakreg_aligned"] == 4 && (work.quality["tweakreg_rms"] ?? 1) < 0.05)
  }

  @Test func catalogsMoveEveryFrame() throws {
    let stars = stars(240)
    let path = NSTemporaryDirectory() + "/irisarchive-stars-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let rows = stars.map { "\($0.sky.longitude),\($0.sky.latitude),\($0.flux)" }
    try Data(("# made up\nRA,DEC,FLUX\n" + rows.joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: path))
    let off = Pointing(east: 0.1, errorEast: 0.06, errorNorth: 0.09, errorAngle: -0.1)
    var work = Workpiece(frames: [try frame("only", off, stars, seed: 9)])
    let (outcome, _) = try run(&work, ["catalog": .string(path)])
    #expect(outcome == .complete)
    let (distance, turn) = try error(work.frames[0], off)
    #expect(distance < 0.01 && turn < 0.004, "\(distance) \(turn)")
    var alone = Workpiece(frames: [try frame("only", off, stars, seed: 9)])
    guard case .skipped = try run(&alone, [:]).0 else {
      Issue.record("one frame was aligned with nothing")
      return
    }
    #expect(throws: (any Error).self) { _ = try run(&alone, ["catalog": .string("/nowhere/stars.csv")]) }
  }

  /// Two stars are too few to match; their windows correlate. Without that the frame stays and says so.
  @Test(arguments: [true, false])
  func fieldsWithFewStarsAreCorrelated(_ correlates: Bool) throws {
    let two = [(0.02, 0.05), (-0.15, -0.1)].map {
      (sky: TangentPlane(at: field).sky(east: $0.0, north: $0.1), flux: 2000.0)
    }
    let pointings = [Pointing(), Pointing(east: 0.05, north: -0.06, errorEast: 0.031, errorNorth: 0.055)]
    var work = Workpiece(
      frames: try pointings.enumerated().map { try frame("f\($0)", $1, two, seed: UInt64(70 + $0)) })
    let (_, notes) = try run(&work, ["xcorr": .boolean(correlates)])
    let (off, _) = try error(work.frames[1], pointings[1])
    #expect(correlates ? off < 0.03 : off > 15, "\(off)")
    #expect(notes.degraded.contains { $0.contains("f1") } != correlates, "\(notes.degraded)")
    #expect(work.frames[1].header.string("TWK_WAY") == (correlates ? "xcorr" : "none"))
  }

  @Test func headersAndTablesAreFollowed() throws {
    let stars = stars(20)
    func offsets(_ p: Pointing) -> [Card] { [Card("XOFFSET", p.east), Card("YOFFSET", p.north)] }
    let pointings = [
      Pointing(errorEast: 0.01), Pointing(east: 0.2, north: -0.1, errorEast: 0.4, errorNorth: 0.3),
    ]
    let frames = try pointings.enumerated().map {
      try frame("f\($0)", $1, stars, seed: 3, cards: offsets($1))
    }
    var work = Workpiece(frames: frames)
    _ = try run(&work, ["align": .string("header")])
    for (frame, p) in zip(work.frames, pointings) { #expect(try error(frame, p, firstEast: 0.01).0 < 1e-4) }
    let path = NSTemporaryDirectory() + "/irisarchive-offsets-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
    // 0.2 arcsec East are 50 pixels to the left: pixel x of the second frame is x - 50 of the first.
    try write("name,dx,dy\nf0,0,0\nf1,-50,-25\n")
    var moved = Workpiece(frames: frames)
    let settings: [String: ParameterSetting] = ["align": .string("file"), "offsets": .string(path)]
    _ = try run(&moved, settings)
    #expect(try error(moved.frames[1], pointings[1], firstEast: 0.01).0 < 1e-3)
    for (text, code) in [
      ("name,dx,dy\nf0,0,0\n", "offsets-frames"), ("name,x,y\nf0,0,0\nf1,1,1\n", "offsets-format"),
      ("name,dx,dy\nf0,0,0\nf0,1,1\n", "offsets-format"), ("name,dx,dy\nf0,0,0\nf1,1,a\n", "not-a-number"),
      ("name,dx,dy\nf0,0,0\nf1,1\n", "uneven-row"), ("name,dx,dy\n", "no-rows"),
    ] {
      try write(text)
      var again = Workpiece(frames: frames)
      do {
        _ = try run(&again, settings)
        Issue.record("\(text) was taken")
      } catch {
        #expect(ReportedError(error).code == code, "\(error)")
      }
    }
  }
}
