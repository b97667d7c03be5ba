import ArgumentParser
import Dispatch
import FITSIO
import FITSStructure
import Foundation
import Pixels

/// `irisbench make-stack`: the frames of the combination benchmark, with outliers and flags.
struct MakeStack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-stack",
    abstract: "Write frames of one scene (SCI, ERR, DQ): noise, 0.1 % outliers, 0.05 % flagged.")

  @Option(help: "How many.") var frames = 9
  @Option(help: "Pixels along the side.") var size = 4096
  @Option(name: [.short, .long], help: "Folder to write into; it is made when missing.") var output: String

  func validate() throws {
    guard (1...100).contains(frames), (16...8192).contains(size) else {
      throw ValidationError("--frames or --size is out of range")
    }
  }

  func run() throws {
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    for frame in 0..<frames { try write(StackFrame(seed: UInt64(frame + 1)).measured(size: size), frame) }
    print("\(output): \(frames) frames of \(size) x \(size)")
  }

  private func write(_ pixels: Measured, _ frame: Int) throws {
    var writer = try FITSWriter(path: "\(output)/stack_\(frame.padded(to: 2)).fits")
    try writer.appendPrimary(Header([Card("ORIGIN", "irisbench")]))
    let unit = Header([Card("BUNIT", "adu/s")])
    try append(pixels.value, "SCI", unit, to: &writer)
    try append(pixels.error, "ERR", unit, to: &writer)
    try append(pixels.quality, "DQ", Header(), to: &writer)
    _ = try writer.commit(replacing: true)
  }

  private func append<T: FITSPixel & PixelScalar>(
    _ plane: Plane<T>, _ name: String, _ header: Header, to writer: inout FITSWriter
  ) throws {
    try plane.withUnsafeBuffer {
      try writer.appendImage(header, name: name, axes: [plane.width, plane.height], pixels: $0)
    }
  }
}

/// One noisy frame of a flat scene; the same seed makes the same pixels.
struct StackFrame {
  let seed: UInt64

  /// Values of 100 +- 5, errors of 5; one pixel in 1000 is 1000 too high, one in 2000 is wrong and flagged.
  func measured(size: Int) -> Measured {
    var frame = Measured(width: size, height: size, repeating: 0, error: 5)
    frame.value.withUnsafeMutableBuffer { values in
      frame.quality.withUnsafeMutableBuffer { flags in fill(values, flags, width: size) }
    }
    return frame
  }

  private func fill(
    _ values: UnsafeMutableBufferPointer<Float>, _ flags: UnsafeMutableBufferPointer<UInt32>, width: Int
  ) {
    // Rows are disjoint, so no two threads write one pixel.
    nonisolated(unsafe) let (values, flags) = (values, flags)
    DispatchQueue.concurrentPerform(iterations: width == 0 ? 0 : values.count / width) { row in
      var random = SplitMix(state: seed &* 0x9E37_79B9_97F4_A7C1 &+ UInt64(row) &* 0xD1B5_4A32_D192_ED03)
      for i in row * width..<(row + 1) * width {
        let chance = random.next() % 2000
        values[i] = 100 + 5 * random.normal() + (chance < 2 ? 1000 : 0)
        if chance == 2 { (values[i], flags[i]) = (-500, DQ.doNotUse) }
      }
    }
  }
}
