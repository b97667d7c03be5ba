import FITSIO
import Metadata
import PipelineEngine
import Pixels
import Testing

/// The error of a master that several frames hold.
@Suite struct SharedErrorTests {
  /// Frames of error 3 and a master of error 4.
  private func frame(_ name: String) -> Frame {
    Frame(
      member: Member(name: name, path: "/\(name)", exptype: .science), header: Header(),
      scienceHeader: Header(), metadata: FrameMetadata(primary: []), unit: "adu/s",
      window: PixelWindow(x0: 0, y0: 0, width: 4, height: 2),
      pixels: Measured(width: 4, height: 2, repeating: 10, error: 3))
  }

  private func sharing(_ name: String, master: String = "dark", factor: Float = 1) throws -> Frame {
    var result = frame(name)
    let dark = Measured(width: 4, height: 2, repeating: 1, error: 4)
    try result.apply(
      FrameOperation(.keepsErrors) { _, _ in }, sharing: SharedError(of: dark, named: master, factor: factor))
    return result
  }

  private func error(of frames: [Frame], _ options: CombineOptions) throws -> Float {
    try FrameStack(frames).combine(options).measured.error[3, 1]
  }

  /// Whoever reads a frame sees both errors, by bands too.
  @Test func pixelsHoldBothErrors() throws {
    var frame = try sharing("a")
    #expect(try frame.pixels().error[3, 1] == 5 && frame.rows(1..<2).error[3, 0] == 5)
    try frame.apply(.dividing(by: 2))
    try frame.apply(.raising(DQ.hot))
    #expect(try frame.pixels().error[0, 0] == 2.5 && frame.pixels().quality[0, 0] == DQ.hot)
    // An operation that may do anything finds the whole error.
    try frame.apply(FrameOperation { pixels, _ in pixels = pixels.divided(by: 0.5) })
    #expect(try frame.pixels().error[0, 0] == 5)
    frame.setPixels(try frame.takePixels())
    #expect(try frame.pixels().error[0, 0] == 5)
  }

  /// Mean of two: 9/2 + 16; with levels 1 and 2: (9 + 9/4)/4 + (3/4)² 16; of two masters: 25/2.
  @Test func combinedOnce() throws {
    let mean = CombineOptions(method: .mean, clipping: nil)
    let plain = try [sharing("a"), sharing("b")]
    #expect(abs(try error(of: plain, mean) - Float(20.5).squareRoot()) < 1e-5)
    var scaled = plain
    try scaled[1].apply(.dividing(by: 2))
    #expect(abs(try error(of: scaled, mean) - Float(11.25 / 4 + 9).squareRoot()) < 1e-5)
    let mixed = try [sharing("a"), sharing("b", master: "another")]
    #expect(abs(try error(of: mixed, mean) - Float(12.5).squareRoot()) < 1e-5)
    let one = try [sharing("a"), frame("b")]
    #expect(abs(try error(of: one, mean) - Float(4.5 + 4).squareRoot()) < 1e-5)
    // Weights 3 and 1 of frames that hold it once and not at all: (9 + 1) 9 / 16 + (3/4)² 16.
    let weighted = CombineOptions(method: .wmean, weights: .frames([3, 1]), clipping: nil)
    #expect(abs(try error(of: one, weighted) - Float(90.0 / 16 + 9).squareRoot()) < 1e-5)
    // One that was added cancels one that was subtracted.
    let opposite = try [sharing("a"), sharing("b", factor: -1)]
    #expect(abs(try error(of: opposite, mean) - Float(4.5).squareRoot()) < 1e-5)
  }

  /// What a master does not know adds nothing; taking an error out never makes a NaN, and keeps one.
  @Test func unknownAndExcess() throws {
    var dark = Measured(width: 4, height: 2, repeating: 1, error: 4)
    dark.value[0, 0] = .nan
    dark.error[1, 0] = .infinity
    let shared = SharedError(of: dark, named: "dark", factor: -0.5)
    #expect(shared.plane[0, 0] == 0 && shared.plane[1, 0] == 0 && shared.plane[2, 0] == 2)
    var frame = frame("a")
    var pixels = try frame.takePixels()
    pixels.error[2, 0] = 1
    pixels.error[3, 0] = .nan
    frame.setPixels(pixels)
    try frame.setApart(shared)
    let stack = try FrameStack([frame]).combine(CombineOptions(method: .mean, clipping: nil))
    // sqrt(max(0, 1 - 4) + 4)
    #expect(stack.measured.error[2, 0] == 2 && stack.measured.error[3, 0].isNaN)
    #expect(abs(stack.measured.error[3, 1] - 3) < 1e-6 && stack.measured.error[0, 0] == 3)
  }
}
