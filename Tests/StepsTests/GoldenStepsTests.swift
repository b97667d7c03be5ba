import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import Logging
import Metadata
import PipelineEngine
import Pixels
import SharedSteps
import Testing

/// The golden cases of dark and flat, driven through the steps with reference files on disk.
@Suite struct GoldenStepsTests {
  /// The reference lets NaN of a dark spread; ours subtracts 0 there and says so.
  @Test func darkSub() throws {
    let bench = try GoldenBench()
    let output = try GoldenImages("dark_sub_out.fits")
    let before = try bench.input.measured("SCI", "SCI_ERR", "SCI_DQ")
    let found = try bench.run(before, window: PixelWindow(x0: 0, y0: 0, width: 64, height: 64), flat: false)
    var expected = try output.measured("DATA", "ERR", "DQ")
    #expect(expected.value[6, 6].isNaN)
    expected.value[6, 6] = before.value[6, 6]
    expected.error[6, 6] = before.error[6, 6]
    expected.quality[6, 6] |= DQ.unreliableDark
    #expect(farthest(found.value, expected.value) < 1e-6)
    #expect(farthest(found.error, expected.error) < 1e-6)
    #expect(found.quality.elements == expected.quality.elements)
  }

  /// A 30 x 20 window whose references are cut out of full frames.
  @Test func subarrayDarkFlat() throws {
    let bench = try GoldenBench()
    let output = try GoldenImages("subarray_out.fits")
    let window = PixelWindow(x0: 10, y0: 20, width: 30, height: 20)
    let science = Measured(
      value: try output.plane("IN"), error: Plane(width: 30, height: 20, repeating: 2),
      quality: Plane(width: 30, height: 20, repeating: 0))
    let dark = try bench.run(science, window: window, flat: false)
    #expect(farthest(dark.value, try output.plane("DARKSUB")) < 1e-6)
    let flatted = try bench.run(science, window: window, flat: true)
    #expect(farthest(flatted.value, try output.plane("FLATTED")) < 1e-6)
    #expect(farthest(flatted.error, try output.plane("FLATTED_ERR")) < 1e-6)
    #expect(flatted.quality.elements == (try output.flags("DQ")).elements)
  }

  /// The largest difference relative to the second, at least 1; NaN equals NaN.
  private func farthest(_ a: Plane<Float>, _ b: Plane<Float>) -> Float {
    zip(a.elements, b.elements).reduce(0) { largest, pair in
      if pair.0.isNaN && pair.1.isNaN || pair.0 == pair.1 { return largest }
      if pair.0.isNaN || pair.1.isNaN { return .infinity }
      return max(largest, abs(pair.0 - pair.1) / max(1, abs(pair.1)))
    }
  }
}

/// The dark and the flat of `calib_in.fits` as reference files, and the two steps over them.
private final class GoldenBench {
  let input: GoldenImages
  private let path: String

  init() throws {
    input = try GoldenImages("calib_in.fits")
    path = "\(NSTemporaryDirectory())/irisarchive-golden-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try write("dark.fits", try input.measured("DARK", "DARK_ERR", "DARK_DQ"), unit: "adu/s")
    try write("flat.fits", try input.measured("FLAT", "FLAT_ERR", "FLAT_DQ"), unit: "")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private static let cards = [Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("EXPTIME", 10.0)]

  private func write(_ name: String, _ pixels: Measured, unit: String) throws {
    let model = ImageModel(
      header: Header(Self.cards), science: pixels.value, unit: unit, error: pixels.error,
      quality: pixels.quality)
    try model.write(to: "\(path)/\(name)")
  }

  func run(_ science: Measured, window: PixelWindow, flat: Bool) throws -> Measured {
    let frame = Frame(
      member: Member(name: "sci.fits", path: "\(path)/sci.fits", exptype: .science),
      header: Header(Self.cards), scienceHeader: Header(), metadata: FrameMetadata(primary: Self.cards),
      unit: "adu/s", window: window, pixels: science)
    var work = Workpiece(frames: [frame])
    #expect(try DarkCurrentStep().run(&work, in: try context(DarkCurrentStep.self)) == .complete)
    if flat { #expect(try FlatFieldStep().run(&work, in: try context(FlatFieldStep.self)) == .complete) }
    return try work.frames[0].pixels()
  }

  private func context(_ step: any Step.Type) throws -> StepContext {
    let logger = Logger(label: "golden") { _ in SwiftLogNoOpLogHandler() }
    let notes = RunNotes()
    let references = ["dark", "flat"].map {
      ResolvedReference(type: $0, origin: .override, path: "\(path)/\($0).fits")
    }
    let configuration = try RunConfiguration(Pipeline(running: step))
    let parameters = try #require(configuration.steps[step.declaration.name]?.parameters)
    return StepContext(
      parameters: parameters, logger: logger,
      references: ReferenceShelf(references, notes: notes, logger: logger), notes: notes)
  }
}

/// Images of a file in `Tests/Golden` by EXTNAME.
private struct GoldenImages {
  private let path: String

  init(_ name: String) throws {
    path =
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/\(name)").path
  }

  func plane(_ name: String) throws -> Plane<Float> { try read(name, zero: 0) }
  func flags(_ name: String) throws -> Plane<UInt32> { try read(name, zero: 0) }

  func measured(_ value: String, _ error: String, _ quality: String) throws -> Measured {
    Measured(value: try plane(value), error: try plane(error), quality: try flags(quality))
  }

  private func read<T: FITSPixel & PixelScalar>(_ name: String, zero: T) throws -> Plane<T> {
    let file = try FITSFile(reading: path)
    let hdu = try #require(try file.index(ofExtension: name), "no HDU \(name)")
    let axes = try file.image(of: hdu).axes
    var pixels = [T](repeating: zero, count: axes.reduce(1, *))
    try pixels.withUnsafeMutableBufferPointer { try file.readPixels(of: hdu, into: $0) }
    return Plane(width: axes[0], height: axes[1], elements: pixels)
  }
}
