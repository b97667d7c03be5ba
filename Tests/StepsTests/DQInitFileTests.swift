import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import Logging
import Metadata
import PipelineEngine
import Pixels
import ReadoutSteps
import Testing

/// `dq_init` with masks on disk: bit for bit the mask's own window, in every corner of the detector.
@Suite struct DQInitFileTests {
  private static let size = 48

  /// A mask in which every pixel has flags of its own.
  private static let flags: [UInt32] = (0..<size * size).map { i in
    let bits =
      UInt32(truncatingIfNeeded: i &* 2_654_435_761) & (DQ.dead | DQ.hot | DQ.warm | DQ.lowQe | DQ.rc)
    return i % 5 == 0 ? 0 : bits
  }

  @Test(arguments: [
    PixelWindow(x0: 0, y0: 0, width: 48, height: 48), PixelWindow(x0: 0, y0: 0, width: 7, height: 5),
    PixelWindow(x0: 41, y0: 0, width: 7, height: 5), PixelWindow(x0: 0, y0: 43, width: 7, height: 5),
    PixelWindow(x0: 41, y0: 43, width: 7, height: 5), PixelWindow(x0: 13, y0: 29, width: 11, height: 6),
    PixelWindow(x0: 47, y0: 47, width: 1, height: 1),
  ])
  func maskIsCutBitForBit(_ window: PixelWindow) throws {
    let bench = try MaskBench(Self.flags, size: Self.size)
    var work = Workpiece(frames: [bench.frame(window)])
    #expect(try DQInitStep().run(&work, in: try bench.context()) == .complete)
    let expected = (0..<window.count).map { i -> UInt32 in
      let (x, y) = (window.x0 + i % window.width, window.y0 + i / window.width)
      let flags = Self.flags[y * Self.size + x]
      return flags & (DQ.dead | DQ.hot | DQ.otherBadPixel) != 0 ? flags | DQ.doNotUse : flags
    }
    #expect(try work.frames[0].pixels().quality.elements == expected)
    #expect(try DQInitStep().run(&work, in: try bench.context()) == .complete)
    #expect(try work.frames[0].pixels().quality.elements == expected, "idempotent")
  }

  @Test func masksOfAnotherSizeAreRefused() throws {
    let bench = try MaskBench(Self.flags, size: Self.size)
    for window in [
      PixelWindow(x0: 0, y0: 0, width: 32, height: 32), PixelWindow(x0: 0, y0: 0, width: 64, height: 48),
    ] {
      var work = Workpiece(frames: [bench.frame(window, isSubarray: false)])
      let error = #expect(throws: EngineError.self) {
        try DQInitStep().run(&work, in: try bench.context())
      }
      #expect(error?.code == "reference-window" && error?.subject == "mask.fits")
      let sizes = ["48", "\(window.width)"]
      #expect(sizes.allSatisfy { error?.message.contains($0) == true }, "\(error?.message ?? "")")
    }
    var outside = Workpiece(frames: [bench.frame(PixelWindow(x0: 45, y0: 0, width: 7, height: 5))])
    #expect(throws: EngineError.self) { try DQInitStep().run(&outside, in: try bench.context()) }
  }

  @Test func withoutAMaskTheStepIsSkippedAndTheFlagsAreKept() throws {
    let bench = try MaskBench(Self.flags, size: Self.size)
    var frame = bench.frame(PixelWindow(x0: 0, y0: 0, width: 2, height: 1))
    var pixels = try frame.pixels()
    pixels.quality = Plane(width: 2, height: 1, elements: [DQ.hot, DQ.saturated])
    frame.setPixels(pixels)
    var work = Workpiece(frames: [frame])
    let outcome = try DQInitStep().run(&work, in: try bench.context(withMask: false))
    guard case .skipped = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(try work.frames[0].pixels().quality.elements == [DQ.hot | DQ.doNotUse, DQ.saturated])
  }

  /// An H4RG has four reference pixels on each side, wherever a window lies on it; other detectors have none.
  @Test func theBorderOfAnH4RGIsReferencePixels() {
    let border = ReferenceBorder(width: 4096, height: 4096, pixels: 4)
    let dark = DQ.referencePixel | DQ.doNotUse
    for (x0, y0) in [(0, 0), (4086, 0), (0, 4088), (4086, 4088), (100, 200), (2, 100)] {
      let window = PixelWindow(x0: x0, y0: y0, width: 10, height: 8)
      var whole = Plane<UInt32>(width: 10, height: 8, repeating: DQ.warm)
      border.raise(in: &whole, window: window, rows: 0..<8)
      for y in 0..<8 {
        for x in 0..<10 {
          let isBorder = x0 + x < 4 || x0 + x >= 4092 || y0 + y < 4 || y0 + y >= 4092
          #expect(whole[x, y] == (isBorder ? DQ.warm | dark : DQ.warm))
        }
      }
      var band = Plane<UInt32>(width: 10, height: 3, repeating: DQ.warm)
      border.raise(in: &band, window: window, rows: 5..<8)
      #expect(band == whole.cropped(to: PixelWindow(x0: 0, y0: 5, width: 10, height: 3)))
    }
  }

  @Test func onlyWindowsOfA4096DetectorHaveABorder() throws {
    let bench = try MaskBench(Self.flags, size: Self.size)
    for (size, flags) in [(4096, DQ.referencePixel | DQ.doNotUse), (48, 0)] {
      var frame = bench.frame(PixelWindow(x0: 0, y0: 0, width: 6, height: 6))
      frame.header.set("DETXSIZE", .integer(Int64(size)))
      frame.header.set("DETYSIZE", .integer(Int64(size)))
      var work = Workpiece(frames: [frame])
      _ = try DQInitStep().run(&work, in: try bench.context(withMask: false))
      #expect(try work.frames[0].pixels().quality[3, 5] == flags)
      #expect(try work.frames[0].pixels().quality[5, 5] == 0)
    }
  }
}

/// A mask file and frames for it.
private final class MaskBench {
  private let path: String

  init(_ flags: [UInt32], size: Int) throws {
    path = "\(NSTemporaryDirectory())/irisarchive-mask-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    var image = ImageModel(
      header: Header([Card("DETECTOR", "IMG1")]), science: Plane(width: size, height: size, repeating: 0),
      unit: "")
    image.quality = Plane(width: size, height: size, elements: flags)
    try ReferenceModel(mask: image).write(to: "\(path)/mask.fits")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func frame(_ window: PixelWindow, isSubarray: Bool = true) -> Frame {
    var cards = [Card("DETECTOR", "IMG1")]
    if isSubarray {
      cards += [
        Card("SUBARRAY", "CUSTOM"), Card("SUBSTRT1", window.x0 + 1), Card("SUBSTRT2", window.y0 + 1),
        Card("SUBSIZE1", window.width), Card("SUBSIZE2", window.height),
      ]
    }
    return Frame(
      member: Member(name: "sci.fits", path: "\(path)/sci.fits", exptype: .science), header: Header(cards),
      scienceHeader: Header(), metadata: FrameMetadata(primary: cards), unit: "adu/s", window: window,
      pixels: Measured(width: window.width, height: window.height))
  }

  func context(withMask: Bool = true) throws -> StepContext {
    let logger = Logger(label: "mask") { _ in SwiftLogNoOpLogHandler() }
    let notes = RunNotes()
    let references =
      withMask ? [ResolvedReference(type: "mask", origin: .override, path: "\(path)/mask.fits")] : []
    let configuration = try RunConfiguration(Pipeline(running: DQInitStep.self))
    return StepContext(
      parameters: try #require(configuration.steps["dq_init"]?.parameters), logger: logger,
      references: ReferenceShelf(references, notes: notes, logger: logger), notes: notes)
  }
}
