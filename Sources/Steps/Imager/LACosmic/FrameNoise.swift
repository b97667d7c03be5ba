import DataModels
import PipelineEngine
import Pixels

/// What is known of a frame's noise, as a search for cosmic rays needs it.
struct FrameNoise {
  let variance: CosmicRayNoise
  /// What values are multiplied with to be in electrons, or in about as fine steps.
  let electronsPerUnit: Float
  /// A level that counts in the noise and is no longer in the values.
  let subtractedLevel: Float

  /// By the step's parameter `noise`: from the errors, or from gain, read noise and exposure time (of references where
  /// there are any, else of the header). Nil where that is not known.
  init?(of frame: Frame, _ pixels: Measured, in context: StepContext) throws {
    if context.parameters.string("noise") == "model" {
      try self.init(model: frame, in: context)
    } else {
      self.init(errors: pixels)
    }
  }

  private init?(errors pixels: Measured) {
    let typical = median(of: pixels.error, quality: pixels.quality)
    guard typical > 0, typical.isFinite else { return nil }
    variance = .variance(pixels.error.map { $0 * $0 })
    // The kernel's least variance is in squared electrons, far below this.
    electronsPerUnit = 10 / typical
    subtractedLevel = 0
  }

  private init?(model frame: Frame, in context: StepContext) throws {
    let metadata = frame.metadata
    let isElectrons = frame.unit == "electron/s"
    guard isElectrons || frame.unit == "adu/s", let seconds = metadata.exposureSeconds, seconds > 0,
      let sampling = NoiseModel.Sampling(mode: metadata.readMode, reads: metadata.nreads ?? metadata.ngroups)
    else { return nil }
    let gainImage = try isElectrons ? nil : context.reference("gain", for: frame)?.pixels
    let readNoiseImage = try context.reference("readnoise", for: frame)?.pixels.value
    let gain =
      isElectrons ? 1 : gainImage.map { Double(median(of: $0.value, quality: $0.quality)) } ?? metadata.gain
    guard let gain, gain > 0, gain.isFinite, let readNoise = readNoiseImage == nil ? metadata.readNoise : 1,
      readNoise >= 0
    else { return nil }
    let model = NoiseModel(
      gain: gain, readNoise: readNoise, seconds: seconds, sampling: sampling,
      repeats: max(1, metadata.nints ?? 1) * max(1, metadata.ncoadds ?? 1))
    guard model.poisson > 0 else { return nil }
    // Photon variance is level / electronsPerUnit, so this many electrons make a unit.
    electronsPerUnit = Float(1 / model.poisson)
    let constant = Float(model.constant)
    let plane =
      readNoiseImage?.map { constant * $0 * $0 }
      ?? Plane(width: frame.width, height: frame.height, repeating: constant)
    variance = .photonsAnd(plane)
    // The sky of the night, then meshes and what made overlapping frames even: that may have been given back.
    let removed = ["SKYLEVEL", "BKGLEVEL"].reduce(0) { $0 + (frame.header.double($1) ?? 0) }
    let level = (context.parameters.number("subtracted_level") ?? 0) + max(removed, 0)
    subtractedLevel = level.isFinite ? Float(min(level, 1e30)) : 0
  }
}
