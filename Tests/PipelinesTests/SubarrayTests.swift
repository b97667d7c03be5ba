import DataModels
import FITSIO
import FITSStructure
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// Windows of a detector of 16 x 12 pixels through every step, with references of the whole detector.
@Suite struct SubarrayTests {
  /// A window at each corner, on each edge, inside, and the whole.
  static let windows: [PixelWindow] = [
    PixelWindow(x0: 0, y0: 0, width: 5, height: 4), PixelWindow(x0: 11, y0: 0, width: 5, height: 4),
    PixelWindow(x0: 0, y0: 8, width: 5, height: 4), PixelWindow(x0: 11, y0: 8, width: 5, height: 4),
    PixelWindow(x0: 6, y0: 5, width: 3, height: 2), PixelWindow(x0: 0, y0: 3, width: 16, height: 1),
    PixelWindow(x0: 9, y0: 0, width: 1, height: 12), PixelWindow(x0: 0, y0: 0, width: 16, height: 12),
  ]

  private static func cards(_ window: PixelWindow, id: Int = 1) -> [Card] {
    [
      Card("SUBARRAY", "CUSTOM"), Card("SUBARRID", id), Card("SUBSTRT1", window.x0 + 1),
      Card("SUBSTRT2", window.y0 + 1), Card("SUBSIZE1", window.width), Card("SUBSIZE2", window.height),
    ]
  }

  /// What the whole detector shows at a pixel.
  private static func dark(_ x: Int, _ y: Int) -> Float { Float(100 * y + x) }
  private static func flat(_ x: Int, _ y: Int) -> Float { 1 + Float(x) / 64 + Float(y) / 32 }
  private static func isBad(_ x: Int, _ y: Int) -> Bool { (x + 2 * y) % 7 == 0 }

  private func frame(
    _ bench: Bench, _ name: String, _ window: PixelWindow, cards: [Card]? = nil, unit: String = "adu/s",
    error: Float = 1, _ value: (Int, Int) -> Float
  ) throws -> String {
    try bench.frame(
      name, value: 0, error: error, unit: unit, width: window.width, height: window.height,
      cards: cards ?? Self.cards(window)
    ) { model in
      for y in 0..<window.height {
        for x in 0..<window.width { model.science[x, y] = value(window.x0 + x, window.y0 + y) }
      }
    }
  }

  private static let whole = PixelWindow(x0: 0, y0: 0, width: 16, height: 12)

  private func references(_ bench: Bench) throws -> [ResolvedReference] {
    let dark = try frame(bench, "dark.fits", Self.whole, cards: [], Self.dark)
    let flat = try frame(bench, "flat.fits", Self.whole, cards: [], unit: "", error: 0, Self.flat)
    let mask = try bench.frame("mask.fits", value: 0, unit: "", width: 16, height: 12) { model in
      for y in 0..<12 { for x in 0..<16 where Self.isBad(x, y) { model.quality?[x, y] = DQ.hot } }
    }
    return [
      Bench.reference("dark", dark), Bench.reference("flat", flat), Bench.reference("mask", mask),
    ]
  }

  @Test(arguments: windows)
  func levelTwoOfAWindow(_ window: PixelWindow) throws {
    let bench = try Bench()
    let science = try frame(bench, "sci.fits", window) { x, y in 50 + Self.flat(x, y) * 8 + Self.dark(x, y) }
    let sky = try frame(bench, "sky.fits", window) { x, y in 50 + Self.dark(x, y) }
    let report = try bench.run(
      .imagerLevel2, [(science, .science), (sky, .background)], references: references(bench),
      settings: ["bkg_subtract.scale": "0.5"])
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    let product = try bench.product()
    for y in 0..<window.height {
      for x in 0..<window.width {
        let (dx, dy) = (window.x0 + x, window.y0 + y)
        let wanted = (25 + Self.flat(dx, dy) * 8) / Self.flat(dx, dy)
        #expect(abs(product.science[x, y] - wanted) < 1e-3, "\(dx), \(dy)")
        #expect(product.quality?[x, y] == (Self.isBad(dx, dy) ? DQ.hot | DQ.doNotUse : 0))
      }
    }
    #expect(product.header.integer("SUBSTRT1") == Int64(window.x0 + 1))
  }

  @Test(arguments: windows)
  func mastersOfAWindowServeWhatLiesInside(_ window: PixelWindow) throws {
    let bench = try Bench()
    let darks = try (0..<5).map { index in
      try frame(bench, "d\(index).fits", window) { x, y in Self.dark(x, y) + Float(index - 2) }
    }
    let master = try bench.run(.createDark, darks.map { ($0, .dark) }, product: "master.fits")
    #expect(master.status == .succeeded, "\(master.error?.message ?? "")")
    let flats = try (1...3).map { level in
      try frame(bench, "f\(level).fits", window) { x, y in
        Self.dark(x, y) + Float(level) * 1000 * Self.flat(x, y)
      }
    }
    let path = "\(bench.path)/out/master.fits"
    let lamp = try bench.run(
      .processFlatfield, flats.map { ($0, .flat) }, references: [Bench.reference("dark", path)],
      product: "lamp.fits")
    #expect(lamp.status == .succeeded, "\(lamp.error?.message ?? "")")
    let flat = try bench.product("lamp.fits")
    let ratio = flat.science[0, 0] / Self.flat(window.x0, window.y0)
    for y in 0..<window.height {
      for x in 0..<window.width {
        #expect(abs(flat.science[x, y] / Self.flat(window.x0 + x, window.y0 + y) / ratio - 1) < 1e-5)
      }
    }
    // A smaller window in it: the last pixel.
    let last = PixelWindow(
      x0: window.x0 + window.width - 1, y0: window.y0 + window.height - 1, width: 1, height: 1)
    let science = try frame(bench, "sci.fits", last) { x, y in 7 + Self.dark(x, y) }
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference("dark", path)], skip: ["flat_field"])
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    #expect(try bench.product().science[0, 0] == 7)
  }

  @Test(arguments: ["dark", "flat", "mask"])
  func windowsThatDoNotFitAreShownBoth(_ type: String) throws {
    let bench = try Bench()
    let reference = PixelWindow(x0: 4, y0: 2, width: 6, height: 6)
    let wanted = PixelWindow(x0: 3, y0: 2, width: 4, height: 4)
    let file = try frame(bench, "ref.fits", reference, unit: type == "dark" ? "adu/s" : "", error: 0) {
      _, _ in 1
    }
    let science = try frame(bench, "sci.fits", wanted) { _, _ in 5 }
    let report = try bench.run(
      .imagerLevel2, [(science, .science)], references: [Bench.reference(type, file)])
    #expect(report.exitCode == 65)
    #expect(report.error?.code == "reference-window")
    #expect(report.error?.message.contains("[4:7, 3:6]") == true)
    #expect(report.error?.message.contains("[5:10, 3:8]") == true)
  }

  @Test func framesOfAnotherWindowAreShownBoth() throws {
    let bench = try Bench()
    let science = try frame(bench, "sci.fits", Self.windows[0]) { _, _ in 5 }
    let sky = try frame(bench, "sky.fits", Self.windows[3]) { _, _ in 5 }
    let report = try bench.run(.imagerLevel2, [(science, .science), (sky, .background)])
    #expect(report.exitCode == 65)
    #expect(report.error?.message.contains("[12:16, 9:12]") == true)
    #expect(report.error?.message.contains("[1:5, 1:4]") == true)
  }

  @Test func headersThatContradictTheImageAreRefused() throws {
    let bench = try Bench()
    let science = try frame(
      bench, "sci.fits", Self.windows[0], cards: Self.cards(PixelWindow(x0: 0, y0: 0, width: 6, height: 4))
    ) { _, _ in 5 }
    let report = try bench.run(.imagerLevel2, [(science, .science)])
    #expect(report.exitCode == 65 && report.error?.code == "wrong-dimensions")
  }

  /// Readouts say their window by XSTART, YSTART, XSIZE, YSIZE; the mask is cut, and so is the dark of the product.
  @Test(arguments: windows)
  func readoutsOfAWindow(_ window: PixelWindow) throws {
    let bench = try Bench()
    let reads = try (0..<4).map { try readout(bench, window, read: $0) }
    let references = try references(bench)
    let report = try bench.run(
      .readout, reads.map { ($0, .science) }, references: references.filter { $0.type == "mask" },
      settings: ["ramp_fit.method": "utr"], product: "level1.fits")
    #expect(report.status == .succeeded, "\(report.error?.message ?? "")")
    let level1 = try bench.product("level1.fits")
    let second = try bench.run(
      .imagerLevel2, [("\(bench.path)/out/level1.fits", .science)],
      references: references.filter { $0.type == "dark" }, skip: ["flat_field"])
    #expect(second.status == .succeeded, "\(second.error?.message ?? "")")
    let product = try bench.product()
    for y in 0..<window.height {
      for x in 0..<window.width {
        let (dx, dy) = (window.x0 + x, window.y0 + y)
        #expect((level1.quality?[x, y] ?? 0) & DQ.hot == (Self.isBad(dx, dy) ? DQ.hot : 0))
        if Self.isBad(dx, dy) { continue }
        #expect(abs(level1.science[x, y] - Float(10 + dx + dy)) < 1e-4)
        #expect(abs(product.science[x, y] - (Float(10 + dx + dy) - Self.dark(dx, dy))) < 1e-3)
      }
    }
  }

  private func readout(_ bench: Bench, _ window: PixelWindow, read: Int) throws -> String {
    let path = "\(bench.path)/r\(read).fits"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(
      Header([
        Card("DET_ID", "IMG1"), Card("EXP_NO", 7), Card("RAMP_NO", 0), Card("READ_NO", read),
        Card("RST_TIME", 5_000_000_000_000_000),
        Card("READTIME", 5_000_000_000_000_000 + 1_000_000 * (read + 1)),
        Card("COMPLETE", true), Card("SAMPMODE", "UTR"), Card("NUMREADS", 4), Card("NUMRAMPS", 1),
        Card("SARRMODE", "SUB_ARRAY"), Card("XSTART", window.x0 + 1), Card("YSTART", window.y0 + 1),
        Card("XSIZE", window.width), Card("YSIZE", window.height), Card("GAIN", 2.0), Card("READNOIS", 5.0),
      ]))
    let samples = (0..<window.count).map { i in
      UInt16(1000 + (read + 1) * (10 + window.x0 + i % window.width + window.y0 + i / window.width))
    }
    try samples.withUnsafeBufferPointer {
      try writer.appendImage(
        Header([Card("BUNIT", "adu")]), name: "SCI", axes: [window.width, window.height], pixels: $0)
    }
    _ = try writer.commit()
    return path
  }
}
