import PipelineEngine
import Pixels
import SourceExtraction

extension BackgroundSubtractStep {
  /// Subtracts the super sky, scaled by the ratio of medians, from every frame that has its sky still; false where
  /// there is no super sky.
  func subtractSuperSky(from work: inout Workpiece, in context: StepContext) throws -> Bool {
    guard let first = work.first, let sky = try context.reference("sky", for: first) else { return false }
    let count = work.backgrounds.count
    context.degrade(
      "a super sky serves for the sky of the night: \(count) background\(count == 1 ? "" : "s")")
    for i in work.frames.indices where !work.frames[i].hadBackgroundSubtracted {
      let k = try scale(of: sky.pixels, in: work.frames[i], context)
      context.logger.info("\(work.frames[i].member.name): super sky \(sky.name) times \(k)")
      try work.frames[i].apply(
        FrameOperation { pixels, rows in pixels = Pixels.subtract(pixels, sky.rows(rows), scale: k) })
      work.frames[i].header.set("SKYSCALE", .real(Double(k)), comment: "factor of the super sky")
      // Its median is 1.
      work.frames[i].tellSky(Double(k))
      if i == 0 { work.quality["sky_scale"] = Double(k) }
    }
    work.backgrounds = []
    return true
  }

  /// The clipped median of the frame over the super sky, beside the frame's sources. A super sky holds no dark: what the
  /// frame still holds of its own is taken out first.
  private func scale(of sky: Measured, in frame: Frame, _ context: StepContext) throws -> Float {
    let pixels = try frame.pixels()
    var ratio = try withoutDark(pixels.value, of: frame, in: context)
    // Over the super sky the frame is even: only sources stand out.
    ratio = ratio.divided(by: sky.value)
    let flags = DQ.blind
    let even = Measured(value: ratio, error: ratio, quality: pixels.quality)
    let unusable = PixelMask(unusable: even, flags: flags).union(PixelMask(unusable: sky, flags: flags))
    let sources = try SourceSearch.mask(
      ratio, excluding: unusable, SourceMaskOptions(), of: frame.member.name
    ).sources
    var excluded = Plane<UInt32>(width: frame.width, height: frame.height, repeating: 0)
    unusable.union(sources).raise(DQ.doNotUse, in: &excluded, rows: 0..<frame.height)
    let level = clippedStatistics(of: ratio, quality: excluded).median
    guard level > 0, level.isFinite else {
      throw EngineError(
        "sky-scale", "its level over the super sky is \(level)", subject: frame.member.name,
        hint: "--skip bkg_subtract")
    }
    return Float(level)
  }
}
