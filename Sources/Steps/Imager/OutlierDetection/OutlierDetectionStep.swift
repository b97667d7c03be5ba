import Astrometry
import PipelineEngine
import Pixels
import Synchronization

/// Flags what one of several dithered frames shows and the others do not: cosmic rays, satellites, unknown bad pixels.
public struct OutlierDetectionStep: Step {
  public static let declaration = StepDeclaration(
    name: "outlier_detection", className: "OutlierDetectionStep",
    summary: "Flag what only one of the dithered frames shows",
    aliases: ["jwst.outlier_detection.OutlierDetectionStep"], statusKeyword: "S_OUTLIR",
    parameters: [
      Parameter(
        "snr", .number(1...1000), default: .number(5), help: "errors from the others that begin an outlier"),
      Parameter(
        "neighbour_snr", .number(1...1000), default: .number(4), help: "errors that are enough beside one"),
      Parameter(
        "scale", .number(0...100), default: .number(1.2),
        help: "slopes of the expected image added to the first threshold"),
      Parameter(
        "neighbour_scale", .number(0...100), default: .number(0.7), help: "the same for the second"),
      Parameter("grow", .integer(0...10), default: .integer(1), help: "rounds of growth to neighbours"),
      Parameter(
        "min_frames", .integer(3...1000), default: .integer(3),
        help: "frames that must show a place before it is judged"),
      Parameter(
        "offsets", .choice(["wcs", "header"]), default: .string("wcs"),
        help: "where the frames lie: by their world coordinates, or by XOFFSET, YOFFSET, PA and SCALE"),
    ],
    intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    let parameters = context.parameters
    let least = parameters.integer("min_frames") ?? 3
    let good = work.frames.indices.filter { work.frames[$0].leftOut == nil }
    guard good.count >= least else {
      return .skipped(reason: "\(good.count) frames cannot outvote one of them, \(least) can")
    }
    let set = try MosaicFrames(
      good.map { work.frames[$0] }, byOffsets: parameters.string("offsets") == "header", note: context.note)
    let grid = try MosaicGrid(holding: set.frames, at: set.places, .init())
    let expected = try median(of: set, on: grid, least: least)
    let options = OutlierOptions(
      signalToNoise: Float(parameters.number("snr") ?? 5),
      neighbourSignalToNoise: Float(parameters.number("neighbour_snr") ?? 4),
      slope: Float(parameters.number("scale") ?? 1.2),
      neighbourSlope: Float(parameters.number("neighbour_scale") ?? 0.7),
      growth: parameters.integer("grow") ?? 1)
    var flagged = 0
    for (k, i) in good.enumerated() {
      let mask = try outliers(of: k, set, grid, expected, options)
      flagged += mask.count
      context.logger.info("\(work.frames[i].member.name): \(mask.count) outliers")
      try work.frames[i].apply(
        FrameOperation(.keepsErrors) { pixels, rows in
          mask.raise(DQ.outlier | DQ.doNotUse, in: &pixels.quality, rows: rows)
        })
    }
    let pixels = set.frames.reduce(0) { $0 + $1.width * $1.height }
    work.quality["outlier_fraction"] = Double(flagged) / Double(max(pixels, 1))
    return .complete
  }

  /// The median of the frames, each resampled by itself; nothing where too few frames lie.
  private func median(of set: MosaicFrames, on grid: MosaicGrid, least: Int) throws -> Measured {
    let ones = [Double](repeating: 1, count: set.frames.count)
    let inputs = try set.inputs(.lanczos3, on: grid, weights: ones, keepsFlux: false)
    let stack = CombineOptions(method: .median, clipping: nil)
    let mosaic = try resample(
      inputs, width: grid.width, height: grid.height,
      options: ResampleOptions(kernel: .lanczos3, method: .stack(stack)))
    var result = mosaic.measured
    mosaic.coverage.withUnsafeBuffer { counts in
      result.quality.withUnsafeMutableBuffer { flags in
        for i in flags.indices { flags[i] = counts[i] < least ? DQ.doNotUse : flags[i] & DQ.doNotUse }
      }
    }
    return result
  }

  /// The outliers of one frame: the median, blotted back to its pixels, against what it shows.
  private func outliers(
    of index: Int, _ set: MosaicFrames, _ grid: MosaicGrid, _ expected: Measured, _ options: OutlierOptions
  ) throws -> PixelMask {
    let frame = set.frames[index]
    // Gathering at the frame's pixels asks for their place in the median: the same map as for dropping them there.
    let map = PixelMap.grid(try grid.map(of: frame, at: set.places[index]))
    let blot = ResampleInput(expected, map: map, valueScale: Float(set.responses[index]))
    let blotted = try resample(
      [blot], width: frame.width, height: frame.height, options: ResampleOptions(kernel: .lanczos3))
    return PixelMask(
      nonZero: Pixels.outliers(
        in: try frame.pixels(), expected: blotted.measured.value, options: options))
  }
}
