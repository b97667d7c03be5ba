import Astrometry
import PipelineEngine
import Pixels
import SourceExtraction

/// The stars of a frame with windowed centres, brightest first; of the frame itself nothing is kept.
struct FrameStars {
  /// How they are found, and how many are kept.
  struct Options {
    var threshold = 5.0
    var leastSignalToNoise = 10.0
    var most = 300
    var box = 64

    /// - Parameter most: default of how many are kept.
    static func parameters(most: Int) -> [Parameter] {
      [
        .threshold(5),
        Parameter(
          "snr", .number(1...100_000), default: .number(10),
          help: "signal over noise that a source has at least"),
        Parameter(
          "max_sources", .integer(4...100_000), default: .integer(most),
          help: "brightest sources of a frame that are used"),
        .boxSize,
      ]
    }

    init(_ parameters: ParameterSet) {
      threshold = parameters.number("threshold") ?? threshold
      leastSignalToNoise = parameters.number("snr") ?? leastSignalToNoise
      most = parameters.integer("max_sources") ?? most
      box = parameters.integer("box_size") ?? box
    }
  }

  /// FITS pixels (the centre of the first pixel is 1).
  let pixels: [PixelPosition]
  /// One sigma of each coordinate, pixels.
  let errors: [Double]
  let signalToNoise: [Double]
  /// Standard deviation of the window, pixels.
  let sigma: Double

  init(of frame: Frame, _ options: Options) throws {
    let image = try frame.pixels()
    let mask = PixelMask(unusable: image, flags: DQ.blind | DQ.saturated)
    let found: Search
    do throws(SourceExtractionError) {
      found = try Search(image, mask, options)
    } catch {
      throw EngineError(
        error.code, error.message, subject: frame.member.name, hint: error.hint, underlying: error)
    }
    self.init(found.sources, found.image, Self.errors(image.error, found.noise), mask, options)
  }

  /// Sources above the background, and the image without it.
  private struct Search {
    let sources: [Source]
    let image: Plane<Float>
    let noise: DetectionNoise

    init(_ given: Measured, _ mask: PixelMask, _ options: Options) throws(SourceExtractionError) {
      let mesh = MeshOptions(boxWidth: options.box, boxHeight: options.box)
      let background = try meshBackground(of: given.value, excluding: mask, options: mesh)
      image = background.subtracted(from: given.value)
      noise = .image(background.noiseImage())
      sources = try extractSources(
        from: image, noise: noise, excluding: mask,
        options: DetectionOptions(threshold: Float(options.threshold))
      ).sources
    }
  }

  /// The frame's own errors, which hold a star's photon noise, where there are any.
  private static func errors(_ given: Plane<Float>, _ background: DetectionNoise) -> DetectionNoise {
    given.withUnsafeBuffer { $0.contains { $0 > 0 } } ? .image(given) : background
  }

  private init(
    _ sources: [Source], _ image: Plane<Float>, _ noise: DetectionNoise, _ mask: PixelMask, _ options: Options
  ) {
    let whole = sources.filter { $0.flags & (Source.Flag.truncated | Source.Flag.merged) == 0 }
      .sorted { $0.flux > $1.flux }.prefix(2 * options.most)
    sigma = windowSigma(of: Array(whole), in: image, excluding: mask) ?? 1
    let found = windowedPositions(of: Array(whole), in: image, noise: noise, excluding: mask, sigma: sigma)
    let good = found.filter {
      !$0.isDoubtful && $0.error.isFinite && $0.signalToNoise >= options.leastSignalToNoise
    }.sorted { $0.flux > $1.flux }.prefix(options.most)
    pixels = good.map { PixelPosition(x: $0.x + 1, y: $0.y + 1) }
    errors = good.map(\.error)
    signalToNoise = good.map(\.signalToNoise)
  }
}
