import DataModels
import PipelineEngine
import Pixels

extension FlagBadPixelsStep {
  /// Keyword of the number of masks in a row that a mask's history goes over.
  private static let countKeyword = "NMASKS"

  /// The kinds of bad pixels that these frames could tell.
  func judgedKinds(
    _ masters: [(group: DarkGroup, dark: Measured)], hasFlat: Bool
  ) -> UInt32 {
    var kinds: UInt32 = 0
    if !masters.isEmpty { kinds |= DQ.hot | DQ.warm }
    if masters.contains(where: { $0.group.frames.count >= 5 }) { kinds |= DQ.telegraph }
    if hasFlat { kinds |= DQ.dead | DQ.lowQe | DQ.open | DQ.adjOpen }
    // Darks and flats both find pixels that are bad in another way.
    if hasFlat, !masters.isEmpty { kinds |= DQ.otherBadPixel }
    return kinds
  }

  /// The mask with what an earlier one knows: bad pixels stay until they were good in `recover` masks in a row.
  func continued(
    _ found: Plane<UInt32>, judged: UInt32, for frame: inout Frame, in context: StepContext,
    _ numbers: inout [String: Double]
  ) throws -> BadPixelHistory {
    frame.header.set(Self.countKeyword, .integer(1), comment: "masks in a row that this one knows of")
    guard let path = previousPath(context), let earlier = try earlierMask(path, for: frame, in: context)
    else {
      return BadPixelHistory(found)
    }
    var history = earlier.history
    let recover = context.parameters.integer("recover") ?? 3
    let result = history.update(with: found, judged: judged, recover: recover)
    context.continuing(path)
    context.logger.info(
      "\(result.cleared) pixels recovered, \(result.kept) are good now and kept until \(recover) masks say so"
    )
    frame.header.set(
      Self.countKeyword, .integer(Int64(earlier.count + 1)), comment: "masks in a row that this one knows of")
    numbers["recovered_pixels"] = Double(result.cleared)
    numbers["recovering_pixels"] = Double(result.kept)
    return history
  }

  private func previousPath(_ context: StepContext) -> String? {
    switch context.parameters.string("previous") ?? "none" {
    case "none", "": nil
    case "in_use": context.previousMaster?.path
    case let path: path
    }
  }

  /// The history of an earlier mask; nil, and said, where it is no mask of this window or not of an earlier time.
  private func earlierMask(
    _ path: String, for frame: Frame, in context: StepContext
  ) throws -> (history: BadPixelHistory, count: Int)? {
    let model = try ReferenceModel(reading: path, expecting: "MASK", extras: ["SEEN", "CLEAN"])
    guard let flags = model.image.quality else {
      throw EngineError("no-flags", "the earlier mask has no DQ", subject: fileName(of: path))
    }
    func refuse(_ reason: String) {
      context.note("\(fileName(of: path)) is not continued: \(reason)")
    }
    guard flags.width == frame.width, flags.height == frame.height else {
      refuse("it is \(flags.width) x \(flags.height) pixels, this mask \(frame.width) x \(frame.height)")
      return nil
    }
    for keyword in ["DETECTOR", "SUBSTRT1", "SUBSTRT2"] {
      guard let old = model.image.header[keyword], let new = frame.header[keyword], old != new
      else { continue }
      refuse("its \(keyword) is another")
      return nil
    }
    // A mask made again of the same frames must not count them twice.
    if let old = Self.date({ model.image.header.string($0) }),
      let new = Self.date({ frame.header.string($0) }), old >= new
    {
      refuse("its frames are no earlier than these")
      return nil
    }
    let count = model.image.header.integer(Self.countKeyword).map { Int($0) } ?? 1
    // Nobody makes that many; a file may say anything.
    return (history(flags, model.image.extraPlanes), min(max(1, count), 1_000_000))
  }

  /// Begin of the exposure as ISO 8601 text, which sorts.
  private static func date(_ value: (String) -> String?) -> String? {
    value("DATE-BEG") ?? value("DATE-OBS")
  }

  private func history(_ flags: Plane<UInt32>, _ planes: [ImageModel.ExtraPlane]) -> BadPixelHistory {
    func counts(_ name: String) -> Plane<UInt16>? {
      planes.first { $0.name == name }?.plane.map { $0 >= 0 && $0 < 65536 ? UInt16($0) : 0 }
    }
    let fresh = BadPixelHistory(flags)
    return BadPixelHistory(
      flags: flags, seen: counts("SEEN") ?? fresh.seen, clean: counts("CLEAN") ?? fresh.clean)
  }
}
