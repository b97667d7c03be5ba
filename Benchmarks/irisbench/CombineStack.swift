import ArgumentParser
import FITSIO
import Foundation
import Pixels

/// `irisbench combine`: combines the frames of `make-stack` in this process and prints its times and memory.
struct CombineStack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine", abstract: "Combine a stack, from memory or from files in bands of rows.")

  enum Source: String, ExpressibleByArgument, CaseIterable { case memory, files }

  @Option(help: "mean or median.") var method = CombineOptions.Method.median
  @Flag(inversion: .prefixedNo, help: "Clip at three sigma (median and MAD).") var clip = true
  @Option(help: "From memory (reading is not timed), or from files in bands (it is).") var source = Source
    .memory
  @Option(help: "Rows of each frame in memory at a time, from files.") var rows = 128
  @Option(help: "Runs before the timed ones.") var warm = 1
  @Option(help: "Timed runs.") var repeats = 1
  @Option(help: "Also write the values, as raw float32, into this file.") var write: String?
  @Argument(help: "Frames.") var frames: [String]

  func validate() throws {
    guard repeats > 0, warm >= 0, rows > 0, !frames.isEmpty else {
      throw ValidationError("--repeats, --warm, --rows or the frames are missing or out of range")
    }
  }

  func run() throws {
    let stack = try StackFiles(paths: frames)
    let options = CombineOptions(method: method, clipping: clip ? Clipping() : nil)
    let work: () throws -> Combined
    switch source {
    case .memory:
      let planes = try stack.load()
      work = { combine(planes, options: options) }
    case .files:
      work = { try stack.combined(options, rowsPerBand: rows) }
    }
    try report(time(work))
  }

  /// Seconds of each timed run, and the last result.
  private func time(_ work: () throws -> Combined) throws -> (seconds: [Double], result: Combined) {
    for _ in 0..<warm { _ = try work() }
    var seconds: [Double] = []
    var result: Combined?
    for _ in 0..<repeats {
      result = nil
      let run = try timed(work)
      result = run.result
      seconds.append(run.seconds)
    }
    guard let result else { throw ValidationError("nothing was timed") }
    return (seconds, result)
  }

  private func report(_ timing: (seconds: [Double], result: Combined)) throws {
    if let write {
      let data = timing.result.measured.value.withUnsafeBuffer { Data(buffer: $0) }
      try data.write(to: URL(fileURLWithPath: write))
    }
    let numbers = timing.seconds.map { "\($0)" }.joined(separator: ", ")
    print("{\"seconds\": [\(numbers)], \"peak_bytes\": \(PeakMemory.bytes)}")
  }
}

extension CombineOptions.Method: ExpressibleByArgument {}
