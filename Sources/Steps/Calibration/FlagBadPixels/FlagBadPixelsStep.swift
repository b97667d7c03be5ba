import DataModels
import PipelineEngine
import Pixels

/// Makes a bad-pixel mask of darks and flats.
public struct FlagBadPixelsStep: Step {
  private static let standard = BadPixelOptions()

  public static let declaration = StepDeclaration(
    name: "flag_bad_pixels", className: "FlagBadPixelsStep", summary: "Find bad pixels in darks and flats",
    statusKeyword: "S_BADPIX",
    parameters: [
      Parameter(
        "dark_kappa", .number(1...1000), default: .number(Double(standard.darkKappa)),
        help: "HOT farther than this many sigmas above the dark's median (10 to 20)"),
      Parameter(
        "noise_factor", .number(1...1000), default: .number(Double(standard.noiseFactor)),
        help: "TELEGRAPH where darks scatter this many times more than their errors say"),
      Parameter(
        "flat_low", .number(0...1), default: .number(0.8), help: "LOW_QE below this share of the local median"
      ),
      Parameter(
        "flat_high", .number(1...1000), default: .number(1.25),
        help: "OTHER_BAD_PIXEL above this multiple of the local median"),
      Parameter("dead_level", .number(0...1), default: .number(0.1), help: "DEAD below this share"),
      Parameter(
        "window", .integer(3...255), default: .integer(31), unit: "pixel",
        help: "side of the window of the local median"),
      Parameter(
        "exclude", .list,
        default: .list(["DEAD", "HOT", "OTHER_BAD_PIXEL", "OPEN", "ADJ_OPEN", "TELEGRAPH"]),
        help: "flags that also mean DO_NOT_USE"),
      Parameter(
        "reference_border", .integer(0...64), default: .integer(4), unit: "pixel",
        help: "width of the border of reference pixels of a 4096 x 4096 detector; 0 for none"),
      Parameter(
        "previous", .string, default: .string("in_use"),
        help: "the mask whose bad pixels stay until they recover: in_use, none, or a file"),
      Parameter(
        "recover", .integer(1...1000), default: .integer(3),
        help: "masks in a row that must find a pixel good to clear it"),
    ], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    try raiseBorder(in: &work.frames, in: context)
    let groups = DarkGroup.groups(work.frames.filter(\.isDark))
    let flats = work.frames.filter(\.isFlat)
    for frame in work.frames where !frame.isDark && !frame.isFlat {
      context.note("\(frame.member.name) is neither a dark nor a flat, and was not used")
    }
    guard var result = work.frames.first(where: { $0.isDark || $0.isFlat }) else {
      throw EngineError(
        "no-science-member", "a mask is made of darks and flats, and there is none",
        subject: work.frames.map(\.member.name).joined(separator: ", "))
    }
    let excluded = try excludedFlags(context)
    let options = options(context.parameters)
    var pixels = Measured(width: result.width, height: result.height)
    var masters: [(group: DarkGroup, dark: Measured)] = []
    for group in groups {
      if let dark = try judge(group, options, &pixels, in: context) { masters.append((group, dark)) }
    }
    let hasFlat = try judge(flats, masters, options, &pixels, in: context)
    let judged = judgedKinds(masters, hasFlat: hasFlat)
    let history = try continued(pixels.quality, judged: judged, for: &result, in: context, &work.quality)
    pixels.quality = history.flags
    exclude(excluded, &pixels.quality)
    keepReferencePixels(of: try result.pixels().quality, in: &pixels.quality)
    count(pixels.quality, &work.quality)
    result.setPixels(pixels)
    result.unit = ""
    work.frames = [result]
    work.planes += [
      .init(name: "SEEN", unit: "", plane: history.seen.map(Float.init)),
      .init(name: "CLEAN", unit: "", plane: history.clean.map(Float.init)),
    ]
    return .complete
  }

  /// Flags the hot and the noisy pixels of the darks of one exposure time; their master, or nil of fewer than three.
  private func judge(
    _ group: DarkGroup, _ options: BadPixelOptions, _ pixels: inout Measured, in context: StepContext
  ) throws -> Measured? {
    guard group.frames.count >= 3 else {
      context.degrade("\(group.frames.count) darks of \(group.title) are too few to judge by: 3 are wanted")
      return nil
    }
    let stack = FrameStack(group.frames)
    let dark = try stack.combine(CombineOptions()).measured
    pixels.raise(badPixels(inDark: dark, options: options))
    if group.frames.count >= 5 {
      pixels.raise(badPixels(inNoise: try stack.noise(), options: options))
    } else {
      context.note("\(group.frames.count) darks of \(group.title) tell no noise: 5 are wanted")
    }
    context.logger.info("\(group.frames.count) darks of \(group.title) judged")
    return dark
  }

  /// Flags what the flats tell; false where there is none that can be used.
  private func judge(
    _ flats: [Frame], _ masters: [(group: DarkGroup, dark: Measured)], _ options: BadPixelOptions,
    _ pixels: inout Measured, in context: StepContext
  ) throws -> Bool {
    guard !flats.isEmpty else {
      context.degrade("no flat: dead and insensitive pixels are not in the mask")
      return false
    }
    var scaled: [Frame] = []
    for var flat in flats {
      if let dark = masters.first(where: { $0.group.serves(flat) })?.dark {
        try flat.apply(
          FrameOperation { pixels, rows in
            let window = PixelWindow(x0: 0, y0: rows.lowerBound, width: dark.width, height: rows.count)
            pixels = subtractDark(pixels, dark.cropped(to: window))
          })
      } else {
        context.note(
          "\(flat.member.name) has no dark of its exposure time and readout: it was judged with its own")
      }
      let level = try FlatLevel(of: flat)
      guard level.median > 0, level.median.isFinite else {
        let reason = level.isSaturated ? "it is saturated" : "its median is \(level.median)"
        context.degrade("\(flat.member.name) was left out: \(reason)")
        continue
      }
      try flat.apply(.dividing(by: Float(level.median)))
      scaled.append(flat)
    }
    guard !scaled.isEmpty else { return false }
    let master = try FrameStack(scaled).combine(CombineOptions()).measured
    pixels.raise(badPixels(inFlat: master, options: options))
    return true
  }

  /// Marks the reference pixels, which see no light, so that neither levels nor the search count them.
  private func raiseBorder(in frames: inout [Frame], in context: StepContext) throws {
    for i in frames.indices {
      let place = frames[i].window
      guard let border = frames[i].referenceBorder(context.parameters.integer("reference_border") ?? 0)
      else { continue }
      try frames[i].apply(
        FrameOperation { pixels, rows in border.raise(in: &pixels.quality, window: place, rows: rows) })
    }
  }

  /// Reference pixels are that in the mask, and nothing else.
  private func keepReferencePixels(of frame: Plane<UInt32>, in quality: inout Plane<UInt32>) {
    frame.withUnsafeBuffer { frame in
      quality.withUnsafeMutableBuffer { pixels in
        for i in pixels.indices where frame[i] & DQ.referencePixel != 0 {
          pixels[i] = DQ.referencePixel | DQ.doNotUse
        }
      }
    }
  }

  private func exclude(_ flags: UInt32, _ quality: inout Plane<UInt32>) {
    quality.withUnsafeMutableBuffer { pixels in
      for i in pixels.indices where pixels[i] & flags != 0 { pixels[i] |= DQ.doNotUse }
    }
  }

  private func count(_ quality: Plane<UInt32>, _ numbers: inout [String: Double]) {
    let kinds = [
      ("dead", DQ.dead), ("hot", DQ.hot), ("telegraph", DQ.telegraph), ("low_qe", DQ.lowQe),
      ("open", DQ.open),
      ("other", DQ.otherBadPixel),
    ]
    let pixels = Double(max(1, quality.count))
    for (name, flag) in kinds {
      let found = quality.withUnsafeBuffer { $0.reduce(0) { $0 + ($1 & flag != 0 ? 1 : 0) } }
      numbers["\(name)_fraction"] = Double(found) / pixels
    }
  }

  private func options(_ parameters: ParameterSet) -> BadPixelOptions {
    BadPixelOptions(
      darkKappa: Float(parameters.number("dark_kappa") ?? 10),
      noiseFactor: Float(parameters.number("noise_factor") ?? 3),
      flatLow: Float(parameters.number("flat_low") ?? 0.8),
      flatHigh: Float(parameters.number("flat_high") ?? 1.25),
      deadLevel: Float(parameters.number("dead_level") ?? 0.1),
      radius: (parameters.integer("window") ?? 31) / 2)
  }

  private func excludedFlags(_ context: StepContext) throws(EngineError) -> UInt32 {
    guard case .list(let names) = context.parameters["exclude"] else { return 0 }
    var flags: UInt32 = 0
    for name in names {
      guard let flag = DQ.flag(named: name.uppercased()) else {
        throw EngineError(
          "bad-parameter", "'\(name)' is no flag of the table", subject: "flag_bad_pixels.exclude",
          hint: DQ.tableNames.joined(separator: ", "))
      }
      flags |= flag
    }
    return flags
  }
}

/// Darks of one exposure time and readout.
struct DarkGroup {
  private static let keywords = ["EXPTIME", "READMODE", "NGROUPS"]
  private let values: [ConfigurationValue]
  private(set) var frames: [Frame]

  /// Darks that agree in EXPTIME, READMODE and reads, in the order of their first.
  static func groups(_ darks: [Frame]) -> [DarkGroup] {
    darks.reduce(into: []) { groups, dark in
      if let i = groups.firstIndex(where: { $0.serves(dark) }) {
        groups[i].frames.append(dark)
      } else {
        groups.append(DarkGroup(values: keywords.map { ConfigurationValue($0, of: dark) }, frames: [dark]))
      }
    }
  }

  /// Whether a frame was exposed and read like these.
  func serves(_ frame: Frame) -> Bool {
    zip(Self.keywords, values).allSatisfy { ConfigurationValue($0, of: frame).agrees(with: $1) }
  }

  /// `60.0 s, UTR, 6.0 reads`.
  var title: String { "\(values[0]) s, \(values[1]), \(values[2]) reads" }
}

extension Frame {
  /// Whether it is a dark, by what the association says or its own OBSNAME.
  fileprivate var isDark: Bool {
    member.exptype == .dark || member.exptype != .flat && metadata.obsName?.hasSuffix("-DRK") == true
  }

  /// Whether it is a flat.
  fileprivate var isFlat: Bool {
    member.exptype == .flat || member.exptype != .dark && metadata.obsName?.hasSuffix("-NFF") == true
  }
}

extension FrameStack {
  /// How much noisier than its errors each pixel is (`stackNoise`), read in bands of rows.
  fileprivate func noise() throws -> Plane<Float> {
    guard let first = frames.first else { return Plane(width: 0, height: 0, repeating: 0) }
    return try stackNoise(frameCount: frames.count, width: first.width, height: first.height) {
      index, rows, room in
      let band = try frames[index].rows(rows)
      band.value.withUnsafeBuffer { _ = room.value.update(fromContentsOf: $0) }
      band.error.withUnsafeBuffer { _ = room.error.update(fromContentsOf: $0) }
      band.quality.withUnsafeBuffer { _ = room.quality.update(fromContentsOf: $0) }
    }
  }
}
