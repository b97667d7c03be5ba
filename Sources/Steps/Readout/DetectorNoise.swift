import DataModels
import PipelineEngine
import Pixels

/// Gain (electrons per adu) and read noise (electrons, of a single read) of a ramp: of each pixel where the rules have a
/// reference, else the detector's number in the header.
///
/// Samples that are the mean of n ramps (`NCOADDS`) have a photon and a read variance n times smaller: that of a gain n
/// times, and a read noise sqrt(n) times as large.
struct DetectorNoise {
  let gain: Float?
  let readNoise: Float?
  private let coadds: Float
  private let gainRows: ReferenceRows?
  private let readNoiseRows: ReferenceRows?

  static let referenceTypes = ["gain", "readnoise"]

  init(of ramp: RampExposure, in context: StepContext) throws {
    gainRows = try context.referenceRows(
      "gain", for: ramp, units: ["electron/adu", "e/adu", "e-/adu", "electron/dn"])
    readNoiseRows = try context.referenceRows(
      "readnoise", for: ramp, units: ["electron", "electrons", "e", "e-"])
    let metadata = ramp.metadata
    let isKnown =
      (gainRows != nil || metadata.gain != nil) && (readNoiseRows != nil || metadata.readNoise != nil)
    coadds = Float(max(metadata.ncoadds ?? 1, 1))
    let root = coadds.squareRoot()
    gain = isKnown ? metadata.gain.map { [coadds] in Float($0) * coadds } : nil
    readNoise = isKnown ? metadata.readNoise.map { Float($0) * root } : nil
  }

  /// Whether both are known, in whatever way.
  var isKnown: Bool { (gainRows != nil || gain != nil) && (readNoiseRows != nil || readNoise != nil) }

  /// The pixels' own numbers in a part of the window; nil where there is no reference.
  func planes(_ part: PixelWindow) throws -> (gain: Plane<Float>?, readNoise: Plane<Float>?) {
    guard isKnown else { return (nil, nil) }
    let (gain, readNoise) = (try gainRows?.part(part).value, try readNoiseRows?.part(part).value)
    guard coadds > 1 else { return (gain, readNoise) }
    let (factor, root) = (coadds, coadds.squareRoot())
    return (gain?.map { $0 * factor }, readNoise?.map { $0 * root })
  }
}
