import DataModels
import Pixels

/// What flows through a pipeline: the frames being reduced and those that help.
public struct Workpiece: Sendable {
  /// The frames that become the product; the first gives the product its header.
  public var frames: [Frame]
  /// Backgrounds (skies) of the frames.
  public var backgrounds: [Frame]
  /// Darks that came with the frames and serve as their reference when there is none.
  public var darks: [Frame] = []
  /// The ramp or readouts of a level 0 exposure, until `ramp_fit` turns it into a frame.
  public var ramp: RampExposure?
  /// Files that were taken in while the run was under way: readouts that landed.
  public var landed: [Member] = []
  /// The stack that the first frame was combined from: samples used and their scatter.
  public var combined: Combined?
  /// Further planes of the product, by extension name (`SCATTER`, `NFRAMES` …), float32.
  public var planes: [ImageModel.ExtraPlane] = []
  /// Tables that become products beside the image, or the product itself (`ProductTable`).
  public var tables: [ProductTable] = []
  /// Parts of the variance of the first frame, where a step kept them apart.
  public var variancePoisson: Plane<Float>?
  public var varianceReadNoise: Plane<Float>?
  public var varianceFlat: Plane<Float>?
  /// Numbers for people and quality checks, by name.
  public var quality: [String: Double] = [:]

  public init(frames: [Frame] = [], backgrounds: [Frame] = [], ramp: RampExposure? = nil) {
    self.frames = frames
    self.backgrounds = backgrounds
    self.ramp = ramp
  }

  /// The frame whose header and configuration stand for the whole; nil while there is only a ramp.
  public var first: Frame? { frames.first }
}
