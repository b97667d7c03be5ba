import ArgumentParser
import CCFITSIO
import Glibc

/// `irisbench cfitsio-copy`: the least that level 2 could cost with CFITSIO and no arithmetic.
///
/// Reads `SCI`, `ERR` and `DQ` of every input into one set of buffers, used again for each, and writes those of the
/// last as one file with checksums in every HDU.
struct CFITSIOCopy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cfitsio-copy",
    abstract: "Read SCI, ERR and DQ of the inputs and write those of the last one, with CFITSIO alone.")

  @Flag(help: "Sync the output, as products are.") var sync = false
  @Option(name: [.short, .long], help: "File to write; it must not exist.") var output: String
  @Argument(help: "Files to read.") var inputs: [String]

  func run() throws {
    var planes = FramePlanes()
    for path in inputs { try CFITSIOReader(path: path).read(into: &planes) }
    try CFITSIOFrameWriter(path: output).write(planes)
    if sync { try syncOutput() }
  }

  private func syncOutput() throws {
    let descriptor = open(output, O_RDONLY)
    defer { close(descriptor) }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw BenchError(code: "write-failed", message: "cannot be synced", subject: output)
    }
  }
}

/// Buffers for the three planes of a frame.
struct FramePlanes {
  var axes: [Int] = []
  var science: [Float] = []
  var error: [Float] = []
  var quality: [UInt32] = []

  /// Makes room for a frame of those axes; nothing is done when it is there.
  mutating func reserve(_ axes: [Int]) {
    guard axes != self.axes else { return }
    let count = axes.reduce(1, *)
    self.axes = axes
    science = [Float](repeating: 0, count: count)
    error = science
    quality = [UInt32](repeating: 0, count: count)
  }
}
