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

  /// Stars about the field, of S/N 50 and more.
  /// - Parameter width: arcsec East to West.
  private func stars(_ count: Int, width: Double = 2.4) -> [(sky: SkyPosition, flux: Double)] {
    var dice = Dice(state: 11)
    return (0..<count).map { _ in
      let (east, north) = (width * (dice.uniform() - 0.5), 2.4 * (dice.uniform() - 0.5))
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

  /// Exposures of two detectors with a gap between them: pointing errors are those of exposures, and dithers of 0.1 arcsec
  /// never bring a star from one detector to the other.
  private func exposures(_ hasTimes: Bool, stars: [(sky: SkyPosition, flux: Double)]) throws -> [(
    Frame, Pointing
  )] {
    let dithers = [
      Pointing(), Pointing(east: 0.1, north: 0.06, errorEast: 0.05, errorNorth: -0.07),
      Pointing(east: -0.08, north: 0.1, errorEast: -0.06, errorNorth: 0.02),
    ]
    // The second detector delivered nothing at first.
    return try [(0, 1), (1, 1), (2, 1), (1, 2), (2, 2)].map { exposure, detector in
      var p = dithers[exposure]
      if detector == 2 { p.east -= 1.5 }
      let times = [
        Card("DATE-BEG", "2026-07-14T09:1\(exposure):00.\(detector)00"),
        Card("DATE-END", "2026-07-14T09:1\(exposure):10.000"),
      ]
      let cards = [Card("DETECTOR", "IMG\(detector)"), Card("EXPTIME", 10.0)] + (hasTimes ? times : [])
      let frame = try frame(
        "d\(detector)e\(exposure)", p, stars, seed: UInt64(10 * detector + exposure), cards: cards)
      return (frame, p)
    }
  }

  /// Of two detectors each is aligned by its own stars, and the second one as a whole by what was exposed with it.
  @Test(arguments: [true, false])
  func detectorsAreAlignedEach(_ hasTimes: Bool) throws {
    let made = try exposures(hasTimes, stars: stars(500, width: 5))
    var work = Workpiece(frames: made.map(\.0))
    let (outcome, notes) = try run(&work, [:])
    #expect(outcome == .complete && notes.degraded.isEmpty, "\(notes.degraded)")
    #expect(notes.notes.filter { $0.contains("d2e1, d2e2") && $0.contains("among themselves") }.count == 1)
    #expect(notes.notes.contains { $0.contains("as d1e1") } == hasTimes, "\(notes.notes)")
    for (frame, p) in zip(work.frames, made.map(\.1)) {
      // Without times the second detector keeps what its first frame is off.
      let isKept = !hasTimes && frame.member.name.hasPrefix("d2")
      let off = try error(
        frame, p, firstEast: isKept ? 0.05 : 0, firstNorth: isKept ? -0.07 : 0)
      #expect(off.0 < 0.02, "\(frame.member.name) \(off)")
      #expect(frame.header.string("TWK_WAY") == "sources")
    }
    #expect(work.quality["tweakreg_aligned"] == 5)
  }

  /// A detector that shows no stars moves with the one that does.
  @Test func emptyDetectorsMoveWithTheOthers() throws {
    let stars = stars(500, width: 5).filter { TangentPlane(at: field).offset(of: $0.sky).east > -0.8 }
    let made = try exposures(true, stars: stars)
    var work = Workpiece(frames: made.map(\.0))
    let (_, notes) = try run(&work, [:])
    #expect(notes.degraded.isEmpty, "\(notes.degraded)")
    for (frame, p) in zip(work.frames, made.map(\.1)) { #expect(try error(frame, p).0 < 0.02) }
    #expect(work.frames[4].header.string("TWK_WAY") == "partner")
    #expect(notes.notes.contains { $0.contains("d2e2") && $0.contains("d1e2") })
  }

  /// A frame of the first one's detector that follows a group of another detector, which nothing ties, is not
  /// aligned with the first one: that is said as of any such frame. Tied by one exposure more it is.
  @Test(arguments: [false, true]) func whoFollowsTheUntiedIsTold(_ isTied: Bool) throws {
    let full = try exposures(true, stars: stars(500, width: 5))
    let blank = try exposures(true, stars: [])
    // d1e0, perhaps d1e1, d1e2 without a star, d2e1 and d2e2.
    let made = [full[0]] + (isTied ? [full[1]] : []) + [blank[2], full[3], full[4]]
    var work = Workpiece(frames: made.map(\.0))
    let (outcome, notes) = try run(&work, [:])
    #expect(outcome == .complete)
    let follower = work.frames[isTied ? 2 : 1]
    #expect(follower.member.name == "d1e2" && follower.header.string("TWK_WAY") == "partner")
    #expect(notes.degraded.contains { $0.contains("d1e2") && $0.contains("d2e2") } == !isTied)
    #expect(notes.degraded.count == (isTied ? 0 : 1), "\(notes.degraded)")
    if isTied { #expect(try error(follower, made[2].1).0 < 0.02) }
  }

  /// Coordinates of 30 degrees a pixel put corners beyond the horizon of the first frame's plane: they say nothing, and
  /// nothing breaks.
  @Test func wildCoordinatesBreakNothing() throws {
    let path = NSTemporaryDirectory() + "/irisarchive-stars-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let stars = stars(240)
    let rows = stars.map { "\($0.sky.longitude),\($0.sky.latitude)" }
    try Data(("RA,DEC\n" + rows.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
    var wild = try frame("wild", Pointing(), stars, seed: 2)
    for keyword in ["CD1_1", "CD2_2"] { wild.scienceHeader.set(keyword, .real(30)) }
    var work = Workpiece(frames: [try frame("tame", Pointing(errorEast: 0.1), stars, seed: 1), wild])
    let (_, notes) = try run(&work, ["catalog": .string(path)])
    #expect(try error(work.frames[0], Pointing()).0 < 0.02)
    #expect(notes.degraded.contains { $0.contains("wild is not aligned") }, "\(notes.degraded)")
  }

  /// Offsets count from the first frame of each detector; a window lies where it was read; turned frames are refused.
  @Test func offsetsOfDetectorsAndWindows() throws {
    func cards(_ detector: String, _ p: Pointing, angle: Double = 0) -> [Card] {
      [Card("DETECTOR", detector), Card("XOFFSET", p.east), Card("YOFFSET", p.north), Card("PA", angle)]
    }
    let stars = stars(20)
    let (zero, moved) = (Pointing(), Pointing(east: 0.2, north: -0.1, errorEast: 0.3, errorNorth: 0.2))
    // The second detector's frames look 1.5 arcsec beside what the header's offsets say.
    let (other, far) = (
      Pointing(east: -1.5, errorEast: 0.01), Pointing(east: -1.3, north: -0.1, errorEast: -0.2)
    )
    var work = Workpiece(frames: [
      try frame("a0", zero, stars, seed: 1, cards: cards("IMG1", zero)),
      try frame("a1", moved, stars, seed: 2, cards: cards("IMG1", moved)),
      try frame("b0", other, stars, seed: 3, cards: cards("IMG2", zero)),
      try frame("b1", far, stars, seed: 4, cards: cards("IMG2", moved)),
    ])
    _ = try run(&work, ["align": .string("header")])
    #expect(try error(work.frames[1], moved).0 < 1e-4)
    #expect(try error(work.frames[2], other, firstEast: 0.01).0 < 1e-4)
    #expect(try error(work.frames[3], far, firstEast: 0.01).0 < 1e-3)

    // A window that begins 40, 10 pixels from another one's shows the sky that far from the other's middle.
    let full = try frame("full", zero, stars, seed: 5, cards: cards("IMG1", zero))
    let window = Pointing(east: -40 * Self.pixel, north: 10 * Self.pixel, errorEast: 0.5)
    let part = try frame("part", window, stars, seed: 6, cards: cards("IMG1", zero))
    func read(_ frame: Frame, x0: Int, y0: Int) throws -> Frame {
      Frame(
        member: frame.member, header: frame.header, scienceHeader: frame.scienceHeader,
        metadata: frame.metadata, unit: frame.unit,
        window: PixelWindow(x0: x0, y0: y0, width: Self.size, height: Self.size), pixels: try frame.pixels())
    }
    for (x, y) in [(0, 0), (25, 70)] {
      var windows = Workpiece(frames: [
        try read(full, x0: x, y0: y), try read(part, x0: x + 40, y0: y + 10),
      ])
      _ = try run(&windows, ["align": .string("header")])
      #expect(try error(windows.frames[0], zero).0 < 1e-3)
      #expect(try error(windows.frames[1], window).0 < 1e-3)
    }

    var turned = Workpiece(frames: [
      full, try frame("turned", moved, stars, seed: 7, cards: cards("IMG1", moved, angle: 1)),
    ])
    #expect { try run(&turned, ["align": .string("header")]) } throws: {
      ($0 as? EngineError)?.code == "position-angle" && ($0 as? EngineError)?.subject == "turned"
    }
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
