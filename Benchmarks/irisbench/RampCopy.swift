import ArgumentParser
import CCFITSIO
import Glibc

/// `irisbench cfitsio-ramp-copy`: the least that a ramp's reduction could cost with CFITSIO and no arithmetic.
///
/// Reads the ramp read by read into one buffer of its own type, and writes five planes of a rate's product with
/// checksums in every HDU.
struct RampCopy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cfitsio-ramp-copy",
    abstract: "Read a ramp of uint16 and write SCI ERR DQ VAR_POISSON VAR_RNOISE, with CFITSIO alone.")

  @Flag(help: "Sync the output, as products are.") var sync = false
  @Option(name: [.short, .long], help: "File to write; it must not exist.") var output: String
  @Argument(help: "Ramp to read.") var input: String

  func run() throws {
    let axes = try read()
    try write(axes)
    guard sync else { return }
    let descriptor = open(output, O_RDONLY)
    defer { close(descriptor) }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw BenchError(code: "write-failed", message: "cannot be synced", subject: output)
    }
  }

  private func read() throws -> [Int] {
    var file: UnsafeMutablePointer<fitsfile>?
    var status: Int32 = 0
    ffdkopn(&file, input, READONLY, &status)
    var name = "SCI".utf8CString.map { $0 }
    ffmnhd(file, IMAGE_HDU, &name, 0, &status)
    var axes: [Int64] = [1, 1, 1, 1]
    ffgiszll(file, 4, &axes, &status)
    try check(status, "opening", input)
    let pixels = axes[0] * axes[1]
    var plane = [UInt16](repeating: 0, count: Int(pixels))
    var anyNull: Int32 = 0
    for read in 0..<axes[2] * axes[3] {
      ffgpv(file, TUSHORT, 1 + read * pixels, pixels, nil, &plane, &anyNull, &status)
    }
    ffclos(file, &status)
    try check(status, "reading", input)
    return axes.prefix(2).map { Int($0) }
  }

  private func write(_ axes: [Int]) throws {
    var file: UnsafeMutablePointer<fitsfile>?
    var status: Int32 = 0
    ffdkinit(&file, output, &status)
    var none: Int64 = 0
    ffcrimll(file, BYTE_IMG, 0, &none, &status)
    ffpcks(file, &status)
    let count = axes.reduce(1, *)
    var values = [Float](repeating: 1.5, count: count)
    var flags = [UInt32](repeating: 4, count: count)
    var lengths = axes.map { Int64($0) }
    for name in ["SCI", "ERR", "DQ", "VAR_POISSON", "VAR_RNOISE"] {
      let isFlags = name == "DQ"
      ffcrimll(file, isFlags ? ULONG_IMG : FLOAT_IMG, 2, &lengths, &status)
      ffpkys(file, "EXTNAME", name, nil, &status)
      if isFlags {
        ffppr(file, TUINT, 1, Int64(count), &flags, &status)
      } else {
        ffppr(file, TFLOAT, 1, Int64(count), &values, &status)
      }
      ffpcks(file, &status)
    }
    ffclos(file, &status)
    try check(status, "writing", output)
  }
}
