import Foundation
import PipelineEngine

/// What detectors answer to the same light, so that the frames of several make one mosaic.
enum DetectorResponse {
  /// The response of each frame over that of the first: by the zero points where every frame has one (`ZPAB`
  /// of either header for the frame's own unit, extinction included), else by the mean levels of each
  /// detector's flats (`CHIPSCAL`), else 1. Frames in calibrated units are alike; so are, by their flats,
  /// those of one detector: between two flats it is the lamp that changes.
  static func relative(of frames: [Frame], note: (String) -> Void) -> [Double] {
    let ones = [Double](repeating: 1, count: frames.count)
    guard let first = frames.first, first.unit.hasSuffix("/s") else { return ones }
    let zeroPoints = frames.compactMap { $0.zeroPoint?.ab }
    if zeroPoints.count == frames.count { return zeroPoints.map { pow(10, 0.4 * ($0 - zeroPoints[0])) } }
    var levels: [String?: [Double]] = [:]
    for frame in frames {
      guard let level = frame.header.double("CHIPSCAL"), level > 0, level.isFinite else { continue }
      levels[frame.metadata.detector, default: []].append(level)
    }
    let means = levels.mapValues { $0.reduce(0, +) / Double($0.count) }
    let detectors = Set(frames.map(\.metadata.detector))
    if let own = means[first.metadata.detector], detectors.allSatisfy({ means[$0] != nil }) {
      return frames.map { (means[$0.metadata.detector] ?? own) / own }
    }
    if detectors.count > 1 {
      note(
        "not every frame has a zero point, or the level of its flat (CHIPSCAL): the detectors' answers to light are "
          + "taken as alike")
    }
    return ones
  }
}
