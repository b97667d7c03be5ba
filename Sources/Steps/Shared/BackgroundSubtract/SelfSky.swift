import PipelineEngine
import Pixels
import SourceExtraction

extension BackgroundSubtractStep {
  /// Subtracts from every frame that has its sky still its own mesh background, beside its sources.
  ///
  /// What the frame holds of the dark is taken out before the mesh is measured and stays in the frame: it goes with
  /// the dark. The mesh's own error, the noise over the side of a tile, is not added.
  func subtractSelfSky(from work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    // All frames are judged before any is touched.
    var meshes: [(frame: Int, mesh: MeshBackground)] = []
    for i in work.frames.indices where !work.frames[i].hadBackgroundSubtracted {
      let frame = work.frames[i]
      let pixels = try frame.pixels()
      let unusable = PixelMask(unusable: pixels, flags: DQ.blind)
      guard unusable.count < pixels.count else {
        let reason = "\(frame.member.name) has no pixel that tells a sky"
        context.degrade("no sky was subtracted: \(reason)")
        return .skipped(reason: reason)
      }
      let image = try withoutDark(pixels.value, of: frame, in: context)
      let search = try SourceSearch.mask(
        image, excluding: unusable, SourceMaskOptions(), of: frame.member.name)
      meshes.append((i, search.background))
    }
    context.degrade("self-sky: the frame's own background was subtracted, waiting for sky")
    for (i, mesh) in meshes {
      try work.frames[i].apply(
        FrameOperation(.keepsErrors) { pixels, rows in pixels.value.subtract(mesh.levelImage(rows: rows)) })
      work.frames[i].header.set("SKYMODE", .string("SELF"), comment: "how the sky was found")
      work.frames[i].tellSky(Double(mesh.globalLevel))
      if i == 0 { work.quality["sky_level"] = Double(mesh.globalLevel) }
    }
    return .complete
  }

  /// An image without what its frame still holds of the dark.
  func withoutDark(
    _ image: Plane<Float>, of frame: Frame, in context: StepContext
  ) throws -> Plane<Float> {
    guard frame.darkShare != 0 else { return image }
    guard let dark = try context.reference("dark", for: frame) else {
      context.degrade("the sky was measured with the dark in it: there is no dark")
      return image
    }
    return image.subtracting(dark.pixels.value, times: frame.darkShare)
  }
}
