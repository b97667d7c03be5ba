import PipelineEngine
import Pixels
import SourceExtraction

/// The parameters of the step in the kernels' words.
struct SkyParameters: Sendable {
  /// How a frame's sky is found.
  enum Mode: String, CaseIterable {
    case auto, realtime, iterative
    case superSky = "super"
    case selfSky = "self"
  }

  static let declared: [Parameter] = [
    Parameter(
      "mode", .choice(Mode.allCases.map(\.rawValue)), default: .string("auto"),
      help:
        "iterative: neighbours in time, sources masked; super: one super sky, scaled; self: the frame's own mesh "
        + "background; realtime: its median; auto: iterative of 3 frames and more (super where crowded), else realtime"
    ),
    Parameter(
      "neighbors", .integer(1...100), default: .integer(8),
      help: "frames nearest in time that tell a frame's sky"),
    Parameter(
      "window", .number(0...1_000_000), default: .number(0), unit: "s",
      help: "only neighbours within this time; 0 for any"),
    Parameter(
      "sigma", .number(0...100), default: .number(3),
      help: "clipping of the neighbours at a pixel, in sigmas; 0 for none"),
    Parameter("level_sigma", .number(0.1...100), default: .number(5), help: "clipping of a frame's level"),
    Parameter(
      "min_samples", .integer(1...100), default: .integer(3),
      help: "a sky of fewer samples is flagged UNRELIABLE_ERROR"),
    .boxSize,
    .threshold(1.5),
    .minimumArea,
    .dilation,
    Parameter(
      "rounds", .integer(1...20), default: .integer(5),
      help: "rounds of sky, stack and search at most; it ends when a round masks less than 0.1 % anew"),
    Parameter(
      "flatten", .boolean, default: .boolean(true),
      help: "take away what all frames have in common on the detector before the first search"),
    Parameter(
      "crowded", .number(0...1), default: .number(0.5),
      help: "a field is crowded when sources cover more than this share of it"),
    Parameter(
      "memory", .integer(0...1_000_000), default: .integer(1536), unit: "MiB",
      help:
        "skies are kept in memory when they take no more in all, else made anew for every band that is read"),
  ]

  let mode: Mode
  let neighbors: Int
  let window: Double
  let dither: DitherSkyOptions
  let scaled: ScaledSkyOptions
  let mesh: SourceMaskOptions
  let memoryLimit: Int

  init(_ parameters: ParameterSet) {
    mode = Mode(rawValue: parameters.string("mode") ?? "") ?? .auto
    neighbors = parameters.integer("neighbors") ?? 8
    window = parameters.number("window").flatMap { $0 > 0 ? $0 : nil } ?? .infinity
    let sigma = Float(parameters.number("sigma") ?? 3)
    dither = DitherSkyOptions(
      clipping: sigma > 0 ? Clipping(kappaLow: sigma, kappaHigh: sigma) : nil,
      minimumSamples: parameters.integer("min_samples") ?? 3,
      levelKappa: Float(parameters.number("level_sigma") ?? 5))
    let box = parameters.integer("box_size") ?? 64
    mesh = SourceMaskOptions(
      mesh: MeshOptions(boxWidth: box, boxHeight: box),
      detection: DetectionOptions(
        threshold: Float(parameters.number("threshold") ?? 1.5),
        minimumArea: parameters.integer("min_area") ?? 5),
      dilation: parameters.number("dilation") ?? 4, maximumRounds: 5)
    memoryLimit = (parameters.integer("memory") ?? 1536) << 20
    var (search, deep) = (mesh, mesh)
    (search.maximumRounds, deep.maximumRounds) = (1, 1)
    scaled = ScaledSkyOptions(
      search: search, deepSearch: deep, maximumRounds: parameters.integer("rounds") ?? 5,
      crowdedShare: parameters.number("crowded") ?? 0.5, flattens: parameters.boolean("flatten"),
      memoryLimit: memoryLimit)
  }
}
