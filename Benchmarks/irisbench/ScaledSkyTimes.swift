import ArgumentParser
import FITSIO
import FITSStructure
import Foundation
import Pixels
import SourceExtraction
import Synchronization

/// `irisbench scaled-sky`: one iteration of the imager's sky over dithered frames in files.
struct ScaledSkyTimes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scaled-sky",
    abstract: "One iteration of the iterative sky: search every frame, skies, stack, search it, subtract.")

  @Option(help: "How many dithers.") var frames = 9
  @Option(help: "Pixels along the side.") var size = 2048
  @Option(help: "Stars in a frame.") var stars = 1500
  @Option(help: "Timed runs; 0 only writes the frames.") var repeats = 3
  @Option(name: [.short, .long], help: "Folder of the frames; those that are not there are written.")
  var output: String

  func validate() throws {
    guard (3...100).contains(frames), (64...8192).contains(size), stars >= 0, repeats >= 0 else {
      throw ValidationError("--frames, --size, --stars or --repeats is out of range")
    }
  }

  func run() throws {
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    for i in 0..<frames where !FileManager.default.fileExists(atPath: path(i)) { try write(i) }
    guard repeats > 0 else { return }
    // The first round touches the memory.
    _ = try iterate()
    let rounds = try (0..<repeats).map { _ in try iterate() }
    let seconds = Dictionary(grouping: rounds.flatMap(\.seconds), by: \.key).mapValues { $0.map(\.value) }
    let answer = Answer(
      seconds: seconds, levelLeft: rounds.map(\.levelLeft).max() ?? 0,
      masked: rounds.last?.maskedShare ?? 0, peakBytes: PeakMemory.bytes)
    print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
  }

  private struct Answer: Encodable {
    let seconds: [String: [Double]]
    let levelLeft: Double
    let masked: Double
    let peakBytes: Int
  }

  /// What one run took and made.
  private struct Iteration {
    var seconds: [String: Double] = [:]
    /// The largest level that is left in a frame.
    var levelLeft = 0.0
    var maskedShare = 0.0
  }

  private func path(_ i: Int) -> String { "\(output)/dither_\(i.padded(to: 2)).fits" }

  private func shift(_ i: Int) -> PixelShift { PixelShift(x: 37 * (i % 3), y: 41 * (i / 3)) }

  /// By one iteration (median, search, mask, median of the neighbours, level, subtraction), and with a round of the
  /// stack's search besides.
  private func iterate() throws -> Iteration {
    var result = Iteration()
    for (name, rounds) in [("iteration", 0), ("with_stack", 1)] {
      let run = try timed { try subtracted(rounds: rounds) }
      result.seconds[name] = run.seconds
      result.maskedShare = run.result.maskedShare
      let levels = run.result.frames.map { abs(Double(median(of: $0.value, quality: $0.quality))) }
      result.levelLeft = max(result.levelLeft, levels.max() ?? 0)
    }
    return result
  }

  /// From files to frames without sky.
  private func subtracted(rounds: Int) throws -> (frames: [Measured], maskedShare: Double) {
    let files = try (0..<frames).map { try FrameFile(path: path($0)) }
    let size = size
    let sky = DitherSky(
      width: size, height: size,
      neighbors: skyNeighbors(times: (0..<frames).map { 60 * Double($0) }, count: 8)
    ) { i, rows in try files[i].rows(rows, width: size) }
    let found = try scaledSky(
      sky, shifts: (0..<frames).map(shift), options: ScaledSkyOptions(maximumRounds: rounds))
    let settled = try found.sky.settled()
    let frames = try (0..<frames).map { i in
      subtract(try files[i].rows(0..<size, width: size), try settled.sky(of: i, rows: 0..<size))
    }
    return (frames, found.maskedShare)
  }

  /// A sky of about 1000 that drifts, response of 1 % from pixel to pixel, noise of 30, and stars that the dithers move.
  private func write(_ frame: Int) throws {
    var random = SplitMix(state: UInt64(frame) + 77)
    var pattern = SplitMix(state: 5)
    var plane = Plane<Float>(uninitializedWidth: size, height: size) { pixels in
      let level = 1000 + 3 * Float(frame)
      for i in pixels.indices {
        pixels[i] = level * (1 + 0.01 * pattern.normal()) + 0.01 * Float(i % size) + 30 * random.normal()
      }
    }
    var field = SplitMix(state: 9)
    let origin = shift(frame)
    plane.withUnsafeMutableBuffer { pixels in
      for _ in 0..<stars {
        let x = Float(field.next() % UInt64(size)) - Float(origin.x)
        let y = Float(field.next() % UInt64(size)) - Float(origin.y)
        let peak = 100 * pow(300, Float(field.next() % 1000) / 1000)
        for j in max(0, Int(y) - 8)..<max(0, Int(y) - 8, min(size, Int(y) + 9)) {
          for i in max(0, Int(x) - 8)..<max(0, Int(x) - 8, min(size, Int(x) + 9)) {
            let (dx, dy) = (Float(i) - x, Float(j) - y)
            pixels[j * size + i] += peak * exp(-(dx * dx + dy * dy) / 8)
          }
        }
      }
    }
    var writer = try FITSWriter(path: path(frame))
    try writer.appendPrimary(Header([Card("ORIGIN", "irisbench")]))
    try plane.withUnsafeBuffer {
      try writer.appendImage(Header([Card("BUNIT", "adu/s")]), name: "SCI", axes: [size, size], pixels: $0)
    }
    _ = try writer.commit(replacing: true)
  }
}

/// An open frame, read by rows.
///
/// `@unchecked Sendable` is safe: the file is read under a lock.
private final class FrameFile: @unchecked Sendable {
  private let file: FITSFile
  private let lock = Mutex(())

  init(path: String) throws { file = try FITSFile(reading: path) }

  func rows(_ rows: Range<Int>, width: Int) throws -> Measured {
    let value = try Plane<Float>(uninitializedWidth: width, height: rows.count) {
      buffer in
      try lock.withLock { _ in try file.readPixels(of: 1, into: buffer, startingAt: rows.lowerBound * width) }
    }
    return Measured(
      value: value, error: Plane(width: width, height: rows.count, repeating: 30),
      quality: Plane(width: width, height: rows.count, repeating: 0))
  }
}
