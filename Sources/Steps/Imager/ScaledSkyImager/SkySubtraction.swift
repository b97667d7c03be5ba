import Astrometry
import DataModels
import PipelineEngine
import Pixels
import SourceExtraction

/// Finds and subtracts the skies of frames of one configuration.
struct SkySubtraction {
  let parameters: SkyParameters
  let context: StepContext
  /// Bytes that skies of all configurations may keep, less what those before keep.
  private var budget: Int

  init(parameters: SkyParameters, context: StepContext) {
    self.parameters = parameters
    self.context = context
    budget = parameters.memoryLimit
  }

  /// Puts an operation on each frame that subtracts its sky, and says in its header what that was.
  mutating func subtract(from frames: inout [Frame], quality: inout [String: Double]) throws {
    switch parameters.mode {
    case .realtime: try subtractMedians(&frames)
    case .selfSky: try subtractMeshes(&frames)
    case .superSky: try subtractSuperSky(&frames, dithers(frames))
    case .iterative: try iterate(&frames, &quality)
    case .auto where frames.count >= 3: try iterate(&frames, &quality)
    case .auto:
      context.degrade(
        "\(frames.count) frame\(frames.count == 1 ? "" : "s") of \(Self.title(frames)) cannot tell a sky: "
          + "only the median was subtracted, 3 dithers are wanted")
      try subtractMedians(&frames)
    }
  }

  private static func title(_ frames: [Frame]) -> String {
    let values = ["DETECTOR", "FILTER"].map { ConfigurationValue($0, of: frames[0]) }.filter(\.isKnown)
    return values.isEmpty ? "this configuration" : values.map(\.description).joined(separator: " ")
  }

  /// The frames as the kernels read them.
  private func dithers(_ frames: [Frame]) -> DitherSky {
    DitherSky(
      width: frames[0].width, height: frames[0].height,
      neighbors: skyNeighbors(
        times: Self.times(frames), count: parameters.neighbors, within: parameters.window),
      options: parameters.dither
    ) { i, rows in try frames[i].rows(rows) }
  }

  /// When each frame was taken; their order where any does not say.
  private static func times(_ frames: [Frame]) -> [Double] {
    let times = frames.compactMap { $0.metadata.dateMiddle?.timeIntervalSinceReferenceDate }
    return times.count == frames.count ? times : frames.indices.map(Double.init)
  }

  private mutating func iterate(_ frames: inout [Frame], _ quality: inout [String: Double]) throws {
    guard frames.count > 1 else {
      throw EngineError(
        "too-few-frames", "one frame has no neighbour to tell its sky", subject: frames[0].member.name,
        hint: "--set scaled_sky_imager.mode=self")
    }
    if frames.count < 3 {
      context.degrade("\(frames.count) frames of \(Self.title(frames)) tell a poor sky: 3 are wanted")
    }
    let shifts = shifts(of: frames)
    let found = try report { try scaledSky(dithers(frames), shifts: shifts, options: parameters.scaled) }
    quality["masked_fraction"] = found.maskedShare
    quality["sky_rounds"] = Double(found.rounds)
    context.logger.info(
      "\(Self.title(frames)): \(found.rounds) rounds, sources cover \(Float(100 * found.maskedShare)) %")
    if found.isCrowded, parameters.mode == .auto {
      context.degrade(
        "the field is crowded: sources cover \(Float(100 * found.maskedShare)) % of it, and a super sky was subtracted"
      )
      return try subtractSuperSky(&frames, found.sky)
    }
    let settled = try found.sky.settled(memoryLimit: budget)
    budget -= settled.keptBytes
    for i in frames.indices {
      try frames[i].apply(
        FrameOperation { pixels, rows in
          pixels = calibrate(pixels, with: CalibrationFrames(sky: try settled.sky(of: i, rows: rows)))
        })
      // The neighbours hold the same dark, so it went with their sky.
      frames[i].darkShare = 0
      note(&frames[i], "ITERATIVE", level: settled.levels[i], skies: settled.sky.neighbors[i].count)
    }
  }

  private func subtractMedians(_ frames: inout [Frame]) throws {
    let sky = dithers(frames)
    for i in frames.indices {
      let level = try sky.level(of: i)
      guard level.isFinite else { throw noPixels(frames[i]) }
      try frames[i].apply(
        FrameOperation(.keepsErrors) { pixels, _ in pixels.value.subtract(level) })
      note(&frames[i], "REALTIME", level: level, skies: 0)
    }
  }

  /// The mesh background of each frame by itself, beside its sources; its error is about the noise over the side of a
  /// tile, and is not added.
  private func subtractMeshes(_ frames: inout [Frame]) throws {
    for i in frames.indices {
      let pixels = try frames[i].pixels()
      let unusable = PixelMask(unusable: pixels, flags: parameters.dither.excludedFlags)
      guard unusable.count < pixels.count else { throw noPixels(frames[i]) }
      let mesh = try report {
        try maskSources(in: pixels.value, excluding: unusable, options: parameters.mesh).background
      }
      try frames[i].apply(
        FrameOperation(.keepsErrors) { pixels, rows in pixels.value.subtract(mesh.levelImage(rows: rows)) })
      note(&frames[i], "SELF", level: mesh.globalLevel, skies: 0)
    }
  }

  /// The super sky of the run's references, else that of the frames themselves, times each frame's level over it.
  private func subtractSuperSky(_ frames: inout [Frame], _ sky: DitherSky) throws {
    var sky = sky
    if sky.levels.allSatisfy({ $0 == 0 }) {
      for i in frames.indices { sky.levels[i] = try sky.level(of: i) }
    }
    let reference = try context.reference("sky", for: frames[0])
    if frames.contains(where: { $0.darkShare != 0 }) {
      context.degrade("the super sky was scaled to levels that hold the dark")
    }
    if reference == nil, frames.count < 3 {
      context.degrade("a super sky of \(frames.count) frames is poor: 3 are wanted")
    }
    let ratio = try reference?.pixels ?? report { try sky.superSky() }
    for i in frames.indices {
      let level = try sky.level(of: i, over: ratio.value)
      guard level.isFinite else { throw noPixels(frames[i]) }
      try frames[i].apply(
        FrameOperation { pixels, rows in
          let window = PixelWindow(x0: 0, y0: rows.lowerBound, width: ratio.width, height: rows.count)
          pixels = Pixels.subtract(pixels, ratio.cropped(to: window), scale: level)
        })
      note(&frames[i], "SUPER", level: level, skies: reference == nil ? frames.count : 0)
    }
  }

  private func note(_ frame: inout Frame, _ mode: String, level: Float, skies: Int) {
    frame.header.set("SKYMODE", .string(mode), comment: "how the sky was found")
    frame.header.set("SKYLEVEL", .real(Double(level)), comment: "level of the sky, \(frame.unit)")
    frame.header.set("NSKY", .integer(Int64(skies)), comment: "frames that told the sky")
    context.logger.info("\(frame.member.name): sky \(level) \(frame.unit) (\(mode.lowercased()))")
  }

  private func noPixels(_ frame: Frame) -> EngineError {
    EngineError("no-pixels", "no pixel of it can tell a sky", subject: frame.member.name)
  }

  /// Errors of the kernels in the engine's words.
  private func report<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as SourceExtractionError {
      throw EngineError(
        error.code, error.message, subject: error.subject, hint: error.hint, underlying: error)
    } catch let error as PixelsError {
      throw EngineError(
        error.code, error.message, subject: error.subject, hint: error.hint, underlying: error)
    }
  }

  /// Where the frames lie from the first in whole pixels by their world coordinates; nil, and said, where they do not
  /// tell or are turned against each other.
  private func shifts(of frames: [Frame]) -> [PixelShift]? {
    let systems = frames.map { try? SkyWCS(cards: $0.worldCoordinateCards) }
    guard let first = systems[0], systems.allSatisfy({ $0 != nil }) else {
      context.note(
        "not every frame has world coordinates: sources are looked for in each frame, not in a stack")
      return nil
    }
    let (width, height) = (Double(frames[0].width), Double(frames[0].height))
    let places = [(0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)].map {
      PixelPosition(x: $0.0 * (width - 1), y: $0.1 * (height - 1))
    }
    var shifts: [PixelShift] = []
    for case (let wcs?, let frame) in zip(systems, frames) {
      let found = first.arrayIndices(of: wcs.sky(atArrayIndices: places))
      let moves = zip(found, places).map { (x: $0.x - $1.x, y: $0.y - $1.y) }
      let isShift = moves.allSatisfy { abs($0.x - moves[0].x) < 2 && abs($0.y - moves[0].y) < 2 }
      guard isShift, abs(moves[0].x) < 20 * width, abs(moves[0].y) < 20 * height else {
        context.note(
          "\(frame.member.name) is turned or stretched against \(frames[0].member.name): sources are looked for in "
            + "each frame, not in a stack")
        return nil
      }
      shifts.append(PixelShift(x: Int(moves[0].x.rounded()), y: Int(moves[0].y.rounded())))
    }
    return shifts
  }
}
